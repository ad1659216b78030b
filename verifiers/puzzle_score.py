"""`puzzle_score`: what reasoning-gym gives for an answer to one of its puzzles."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from rewardlang.libraries import not_installed
from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import measure

MAX_ANSWER = 20_000
MAX_ENTRY = 500_000
SECONDS = 5
_WALL_SECONDS = 60.0
_MEMORY_BYTES = 4 * 2**30
_LIMITS = {"characters of an answer": MAX_ANSWER, "characters of an entry": MAX_ENTRY, "seconds": SECONDS}


@measure("puzzle_score", cost="external", version="1", limits=_LIMITS)
def puzzle_score(answers: Sequence[str], tasks: Sequence[str], entries: Sequence[str]) -> list[Fraction | Missing | Refused]:
    """The score that reasoning-gym gives to an answer to one of its puzzles, from 0 to 1.

    What it checks
    --------------
    `task` is the name of a task of reasoning-gym (`countdown`, `sudoku`, …) and `entry` the puzzle as JSON: what the task made, with its
    `question`, `answer` and `metadata` (`json.dumps(dataset[0])`). The task's own `score_answer` decides, in a worker process with
    limits of time and memory, where `eval`, to which a few tasks give the answer, is replaced by arithmetic. The text is the answer
    alone: take it out of a tag. Needs `pip install 'rewardlang[puzzles]'`.

    Why it earns reward
    -------------------
    A hundred kinds of puzzles with answers that a program can check, many with more than one right answer.

    Example
    -------
    `rule solved: award up to 1 point scaled by puzzle_score(only <answer> in completion, task, entry)`

    Known gaps
    ----------
    The rules are reasoning-gym's: many tasks give 0.01 to any answer, and several give a part for an answer that holds the right one
    among other text (`acre`, `number_filtering`, `rotate_matrix`, `spell_backward`, `word_sequence_reversal`, `word_sorting`: half and
    more). Asked with "the right answer or another one", five of its tasks gave the full score: `fraction_simplification`, `gsm_symbolic`,
    `knights_knaves`, `letter_jumble` (all but) and `game_of_life_halting`, which takes whatever is not `True` for `False`: look there
    that the answer is one line without "or". Elsewhere pay for `is 1`. A task that fails on a strange answer, or on metadata that JSON
    changed (numbers as keys), has no score: cannot judge. Another version of reasoning-gym can score otherwise.
    """
    if not _is_installed():
        return [Refused(not_installed("reasoning-gym", "puzzles")) for _ in answers]
    return [_score(*row) for row in zip(answers, tasks, entries, strict=True)]


@cache
def _is_installed() -> bool:
    return importlib.util.find_spec("reasoning_gym") is not None


def _score(answer: str, task: str, entry: str) -> Fraction | Missing | Refused:
    from rewardlang.work.pool import pool
    from rewardlang.work.process import OwnModule, WorkFailed

    if len(answer) > MAX_ANSWER or len(entry) > MAX_ENTRY:
        return Refused(f"more than {MAX_ANSWER:,} characters of an answer or {MAX_ENTRY:,} of an entry")
    puzzle = _entry(entry)
    if isinstance(puzzle, Missing):
        return puzzle
    home = OwnModule("rewardlang.work.puzzle_scores", SECONDS, _MEMORY_BYTES)
    shown = answer.encode("utf-8", "replace").decode("utf-8")
    try:
        kind, said = pool().call(home, {"task": task, "answer": shown, "entry": puzzle}, _WALL_SECONDS)
    except WorkFailed as failed:
        return Refused(f"reasoning-gym gave no score: {failed}")
    if kind == "none":
        return Missing(said)
    return Fraction(str(said)) if 0 <= said <= 1 else Refused(f"a score of {said} is not between 0 and 1")


def _entry(text: str) -> Any:
    """The puzzle, or why it is none."""
    try:
        puzzle = json.loads(text)
    except (ValueError, RecursionError):
        return Missing("the entry is no JSON")
    if not isinstance(puzzle, dict) or not isinstance(puzzle.get("answer"), str | None):
        return Missing("the entry is no JSON object with an answer")
    return {"question": "", "metadata": {}, **puzzle}
