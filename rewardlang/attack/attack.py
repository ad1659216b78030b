"""From a reward and the rows of its samples to the attacks that are paid: seeds, search, shorter texts, ranking."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from rewardlang.attack.baseline import Answer, Baseline, baseline_of
from rewardlang.attack.catalogue import MUTATIONS
from rewardlang.attack.mutation import Material, blocks_of
from rewardlang.attack.mutations_of_words import filler
from rewardlang.attack.pattern_texts import matching_texts
from rewardlang.attack.search import Candidate, Limits, Progress, Search, Seed
from rewardlang.attack.shorten import shortened
from rewardlang.attack.target import Marked, Target, Task
from rewardlang.attack.texts import FileTexts, columns_of_success, texts_of

if TYPE_CHECKING:
    from rewardlang.program import Program

_MOST_TASKS = 24
_MOST_ANSWERS = 40
_MATCHES_EACH = 12
_MOST_TEXTS = 300
_ANSWERS_KNOWN = 60
_MARGIN = 1e-9
_SHORTENING = 0.2  # of the time for the search
NUMBERS = " ".join(str(number) for number in range(101))


class Found(NamedTuple):
    """An attack: what was written on which row, how it came about, which rules gave how many points."""

    candidate: Candidate
    row: str
    paid_by: tuple[tuple[str, float], ...]
    as_right: bool


class Result(NamedTuple):
    """What a run of the adversary came to. `threshold` is the score from which a wrong answer is paid like a right one, `highest`
    the most that a wrong text scored (None where none could be made); `found` are those that are paid more than silence.

    `answerless` are texts that answer nothing and for which `success` holds on rows with different answers; `by_rule` is the most
    that each rule gave to a wrong text.
    """

    baseline: Baseline
    threshold: float
    highest: float | None
    found: tuple[Found, ...]
    by_rule: dict[str, Candidate]
    answerless: tuple[str, ...]
    tries: int
    rounds: int
    out_of_time: bool

    @property
    def paid_as_right(self) -> list[Found]:
        """The attacks that reach the threshold."""
        return [found for found in self.found if found.as_right]


class Settings(NamedTuple):
    """How long, from which seed, how many attacks to tell, and a threshold other than what a right answer typically scores."""

    limits: Limits
    seed: int = 0
    top: int = 5
    threshold: float | None = None


def attack(program: Program, target: Target, answers: Sequence[Answer], settings: Settings, progress: Progress) -> Result:
    """Runs the adversary on a target. `answers` are the samples, marked on their own rows."""
    random = Random(settings.seed)
    knows_success = program.success is not None
    texts = texts_of(program)
    tasks = _some_tasks(target, answers, random)
    constants = list(_constants(texts))
    marks = target.mark([(task, text) for text in constants for task in tasks])
    baseline = baseline_of(target, answers, marks[: len(tasks)], knows_success=knows_success)
    answerless = _answerless(program, target, constants, tasks, marks) if knows_success else frozenset()

    def is_wrong(seed: Seed, marked: Marked) -> bool:
        return not marked.right or seed.text in answerless

    mutations = [mutation for mutation in MUTATIONS if knows_success or not mutation.may_answer]
    search = Search(
        target, _materials(target, answers, _given(texts, knows_success)), mutations, is_wrong, settings.limits, settings.seed, progress
    )
    seeds = [Seed(task, text, ("constant text",) if text else ("silence",)) for task in tasks for text in constants]
    if knows_success:
        chosen = _some_answers([answer for answer in answers if answer.task in set(tasks)], random)
        seeds = [*(Seed(answer.task, answer.text, ()) for answer in chosen), *seeds]
    else:
        seeds = [*_foreign(target, answers, tasks, random), *seeds]
    search.run(seeds)
    threshold = settings.threshold
    if threshold is None:
        threshold = baseline.typical if baseline.typical is not None else float(program.score.high)
    paid = [candidate for candidate in search.ranked() if _is_paid(candidate, baseline, threshold)]
    deadline = time.monotonic() + settings.limits.seconds * _SHORTENING
    best = [shortened(search, candidate, deadline) for candidate in paid[: settings.top]]
    best.sort(key=lambda candidate: -candidate.score)
    found = tuple(_found(target, candidate, threshold) for candidate in best)
    highest = search.best.score if search.best is not None else None
    free = tuple(sorted(answerless))
    return Result(baseline, threshold, highest, found, search.by_rule, free, search.tries, search.rounds, search.out_of_time)


def _is_paid(candidate: Candidate, baseline: Baseline, threshold: float) -> bool:
    """More than silence earns, or so much that a right answer has no more."""
    silence = baseline.silence if baseline.silence is not None else float("-inf")
    return candidate.score > silence + _MARGIN or candidate.score >= threshold - _MARGIN


def question_key(task: Task) -> str:
    """Equal for rows that ask the same with the same values."""
    return json.dumps([task.raw_prompt, dict(task.columns)], sort_keys=True, default=str)


def _found(target: Target, candidate: Candidate, threshold: float) -> Found:
    paid = [(name, points) for name, points in zip(target.rules, candidate.marked.points, strict=True) if points]
    return Found(candidate, target.tasks[candidate.task].name, tuple(paid), candidate.score >= threshold - _MARGIN)


def _some_tasks(target: Target, answers: Sequence[Answer], random: Random) -> list[int]:
    """At most 24 rows, those with a right answer first: what is wrong there has something to be compared with."""
    numbers = list(range(len(target.tasks)))
    if len(numbers) <= _MOST_TASKS:
        return numbers
    with_right = {answer.task for answer in answers if answer.marked.right}
    random.shuffle(numbers)
    numbers.sort(key=lambda number: number not in with_right)
    return sorted(numbers[:_MOST_TASKS])


def _some_answers(answers: Sequence[Answer], random: Random) -> list[Answer]:
    """At most 40 completions of the samples: the best right and the best wrong ones, and any others."""
    if len(answers) <= _MOST_ANSWERS:
        return list(answers)
    ordered = sorted(answers, key=lambda answer: -(answer.marked.score or 0.0))
    third = _MOST_ANSWERS // 3
    best = [*[a for a in ordered if a.marked.right][:third], *[a for a in ordered if not a.marked.right][:third]]
    rest = [answer for answer in ordered if answer not in best]
    return [*best, *random.sample(rest, min(len(rest), _MOST_ANSWERS - len(best)))]


def _constants(texts: FileTexts) -> list[str]:
    """Texts that answer nothing: silence, numbers, what stands in the file, plain filler; each bare and in the blocks of the file."""
    pasted = "\n".join([*texts.texts, *(value for values in texts.lists.values() for value in values)][:_MOST_TEXTS])
    bare = ["", NUMBERS, pasted, filler(60)]
    framed = []
    for text in ("0", *bare):
        if texts.tags:
            framed.append("".join(f"<{tag}>{text}</{tag}>" for tag in texts.tags))
        framed += [f"<{tag}>{text}</{tag}>" for tag in texts.tags]
    return list(dict.fromkeys([*bare, *framed]))


def _answerless(
    program: Program, target: Target, constants: Sequence[str], tasks: Sequence[int], marks: Sequence[Marked]
) -> frozenset[str]:
    """The constant texts that `success` finds right on rows with different answers; a single number or value cannot be one."""
    columns = columns_of_success(program)
    several = [text for text in constants if len(text.split()) > 1]
    rights: dict[str, set[str]] = {text: set() for text in several}
    for number, marked in enumerate(marks):
        text, task = constants[number // len(tasks)], target.tasks[tasks[number % len(tasks)]]
        if marked.right and text in rights:
            rights[text].add(json.dumps([str(task.columns.get(name)).strip().casefold() for name in columns]))
    return frozenset(text for text, golds in rights.items() if len(golds) > 1)


def _given(texts: FileTexts, knows_success: bool) -> FileTexts:
    """Without `success` a value of a `one of` column could be the right answer by luck, and nobody would notice."""
    return texts if knows_success else texts._replace(texts=tuple(text for text in texts.texts if text not in texts.choices))


def _materials(target: Target, answers: Sequence[Answer], texts: FileTexts) -> list[Material]:
    """For each row what an attacker works with; answers and completions are those of rows that ask something else."""
    matches = tuple(text for pattern in texts.patterns for text in matching_texts(pattern, _MATCHES_EACH))
    keys = [question_key(task) for task in target.tasks]
    known: dict[str, str] = {}
    whole: dict[str, str] = {}
    for answer in answers:
        whole.setdefault(answer.text, keys[answer.task])
        for block in blocks_of(answer.text)[-1:]:
            known.setdefault(block.inner.strip(), keys[answer.task])
    choices = tuple(text for text in texts.texts if len(text) > 1)

    def of_others(held: dict[str, str], key: str) -> tuple[str, ...]:
        return tuple(text for text, owner in held.items() if owner != key)[:_ANSWERS_KNOWN]

    return [
        Material(
            task.prompt,
            texts.tags,
            texts.markers,
            texts.texts,
            texts.lists,
            matches,
            tuple(dict.fromkeys([*of_others(known, key), *choices]))[:_ANSWERS_KNOWN],
            of_others(whole, key),
        )
        for task, key in zip(target.tasks, keys, strict=True)
    ]


def _foreign(target: Target, answers: Sequence[Answer], tasks: Sequence[int], random: Random) -> list[Seed]:
    """Completions on rows with other values than their own: as many columns as can differ do, for the others may share an answer."""
    names = sorted({name for task in target.tasks for name in task.columns})

    def differing(one: Task, other: Task) -> int:
        return sum(str(one.columns.get(name)) != str(other.columns.get(name)) for name in names) + (one.prompt != other.prompt)

    seeds = []
    for number in tasks:
        here = target.tasks[number]
        distances = [differing(here, target.tasks[answer.task]) for answer in answers]
        most = max(distances, default=0)
        far = [answer for answer, distance in zip(answers, distances, strict=True) if distance == most and most > 0]
        far.sort(key=lambda answer: -(answer.marked.score or 0.0))
        chosen = far[:2] + random.sample(far[2:], min(len(far[2:]), 1))
        seeds += [Seed(number, answer.text, ("answer to another row",)) for answer in chosen]
    return seeds
