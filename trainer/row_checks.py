"""Rows that the reward file cannot mark: values of the wrong type, gold answers that their own verifier cannot read, rows that it skips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from rewardlang.attack.texts import columns_of_success, texts_of
from rewardlang.marks import Failure
from rewardlang.reward import Reward
from rewardlang.trainer.config import DataConfig
from rewardlang.trainer.data import Row
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.row_marking import RowMarking, unreadable

_NAMED = 5
_DONORS = 5  # answers of rows that are tried on all


def markable(rows: list[Row], reward: Reward, data: DataConfig, place: str, notes: list[str]) -> list[Row]:
    """The rows that the reward file can mark. What cannot be read is refused, or left out where the configuration says so."""
    found = [
        ("cannot be read", unreadable(rows, reward), data.unusable == "refuse"),
        ("cannot be judged", unjudgeable(rows, reward), data.unusable == "refuse"),
        ("are skipped by the reward file", skipped(rows, reward), False),
    ]
    out: set[int] = set()
    for what, reasons, refused in found:
        if not reasons:
            continue
        named = "".join(f"\n  - row {index + 1}: {reason}" for index, reason in list(reasons.items())[:_NAMED])
        told = f"[{place}]: {len(reasons):,} of {len(rows):,} rows {what}"
        if refused:
            more = "\n  - …" * (len(reasons) > _NAMED)
            raise TrainingProblem(f"{told}:{named}{more}", f"correct them, or leave them out with {place}.unusable = 'leave_out'")
        notes.append(f"{told} and left out, such as row {next(iter(reasons)) + 1}: {next(iter(reasons.values()))}")
        out |= set(reasons)
    if len(out) == len(rows):
        raise TrainingProblem(
            f"[{place}]: no row is left; {notes[-1]}", "compare a row with the columns and the 'require … else skip' of the file"
        )
    kept = [row for index, row in enumerate(rows) if index not in out]
    marking = RowMarking.data(reward)
    tried = len(marking.tried(kept))
    if tried < len(kept):
        named = ", ".join(f"'{word}'" for word in marking.external)
        notes.append(f"[{place}]: {named} was tried on {tried} of {len(kept):,} rows, for it works in another process")
    wrong, tried = not_right_themselves(kept, reward)
    if wrong:
        told = f"[{place}]: {len(wrong):,} of {tried:,} rows have an answer that is no success by itself"
        notes.append(f"{told}, such as {own_answers(kept, reward)[wrong[0]]!r}")
    return kept


def skipped(rows: Sequence[Row], reward: Reward) -> dict[int, str]:
    """Rows that a `require … else skip` leaves out. It may look at the data only, so an empty completion shows it."""
    if not any(require.score is None for require in reward.program.requires):
        return {}
    places, scores = RowMarking.skips(reward).marked(rows, [""] * len(rows))
    left_out = np.isnan(scores.values)
    if not left_out.any():
        return {}
    marks = scores.rows
    gates = {place: marks[index].gate for index, place in enumerate(places) if left_out[index]}
    return {place: f"require {gate.words}" for place, gate in gates.items() if gate is not None}


def unjudgeable(rows: Sequence[Row], reward: Reward) -> dict[int, str]:
    """Rows on which a verifier gives up, although it judges most rows: then the reason is in the data, as with a gold answer.

    Every row is marked with the completion of an example in the reward file, because an empty completion is seldom compared with
    anything; without an example, with the answer of another row: of some, that on which the fewest give up, for it can be read itself.
    """
    tried = [one.completion for one in reward.program.examples if one.kind == "example"][:1]
    if not tried:
        tried = sorted(set(own_answers(rows, reward)))
        tried = [tried[index * len(tried) // _DONORS] for index in range(_DONORS)] if len(tried) > _DONORS else tried
    marking = RowMarking.data(reward)
    found = min((_given_up(rows, marking, completion) for completion in tried), key=len, default={})
    counts = Counter(failure.verifier for failures in found.values() for failure in failures)
    usual = {verifier for verifier, count in counts.items() if count > len(marking.tried(rows)) / 2}
    told = {
        index: [f"'{failure.verifier}': {failure.reason}" for failure in failures if failure.verifier not in usual]
        for index, failures in found.items()
    }
    return {index: "; ".join(reasons) for index, reasons in told.items() if reasons}


def _given_up(rows: Sequence[Row], marking: RowMarking, completion: str) -> dict[int, tuple[Failure, ...]]:
    places, scores = marking.marked(rows, [completion] * len(rows))
    return {place: row.failures for place, row in zip(places, scores.rows, strict=True) if row.failures}


def own_answers(rows: Sequence[Row], reward: Reward) -> list[str]:
    """For each row a completion of nothing but its answer: the columns that decide success, in the tags that the file reads."""
    columns, tags = columns_of_success(reward.program), texts_of(reward.program).tags
    if not columns and len(reward.columns) == 1:
        columns = tuple(reward.columns)

    def completion(row: Row) -> str:
        answer = " ".join(str(row[name]) for name in columns if row.get(name) is not None)
        return " ".join(f"<{tag}>{answer}</{tag}>" for tag in tags) or answer

    return [completion(row) for row in rows]


def not_right_themselves(rows: Sequence[Row], reward: Reward) -> tuple[list[int], int]:
    """Rows whose own answer is no success, although that of most rows is, and of how many.

    It is a misprint in the data, or a form that the file does not take.
    """
    if not columns_of_success(reward.program):
        return [], 0
    places, scores = RowMarking.success(reward).marked(rows, own_answers(rows, reward))
    assert scores.success is not None
    wrong = [place for place, right in zip(places, scores.success, strict=True) if right == 0]
    return (wrong if len(wrong) < len(places) / 2 else []), len(places)
