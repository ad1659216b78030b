"""What is wrong with rows, before a model is loaded: answers that no verifier can read, prompts too long, rows on both sides."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rewardlang.errors import DataError
from rewardlang.marking.intake import rows_from_data
from rewardlang.reward import Reward
from rewardlang.scores import Scores
from rewardlang.trainer.config import DataConfig, RunConfig
from rewardlang.trainer.data import Row, load_rows
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.types import OptionalType

_NAMED = 5


@dataclass(frozen=True)
class Rows:
    """What is trained on, what is measured on, and what was found on the way, a sentence each."""

    training: list[Row]
    held_out: list[Row]
    notes: tuple[str, ...]


def prepared_rows(config: RunConfig, reward: Reward, tokenizer: Any, context: int | None) -> Rows:
    """Loads and checks all rows; `context` is how many tokens the model can read, None if it does not say. Raises `TrainingProblem`."""
    notes: list[str] = []

    def usable(data: DataConfig, place: str) -> list[Row]:
        needed = [name for name, kind in reward.columns.items() if not isinstance(kind, OptionalType)]
        rows = load_rows(data, columns=needed, chat=bool(getattr(tokenizer, "chat_template", None)), held_out=place == "held_out")
        rows = _markable(rows, reward, data, place, notes)
        limit = data.max_prompt_tokens
        room = None if context is None else context - config.training.max_completion_tokens
        if limit is None and room is not None and room > 0:
            limit = room
        return rows if limit is None else _short_enough(rows, tokenizer, limit, place, notes)

    most = config.training.max_completion_tokens
    if context is not None and most >= context:
        notes.append(
            f"'training.max_completion_tokens' ({most:,}) leaves no room for a prompt in the {context:,} tokens that the model reads"
        )
    training = usable(config.data, "data")
    held_out = [] if config.held_out is None else usable(config.held_out, "held_out")
    share = config.data.held_out_share
    if share is not None:
        training, held_out = split_by_hash(training, share)
        notes.append(f"[data]: {len(held_out):,} of {len(training) + len(held_out):,} rows are held out, by a hash of the prompt")
        if not training or not held_out:
            raise TrainingProblem(f"'data.held_out_share' = {share} leaves one side without rows", "give more rows, or another share")
    both = {_key(row) for row in training} & {_key(row) for row in held_out}
    if both:
        notes.append(f"{sum(_key(row) in both for row in held_out):,} of {len(held_out):,} held-out prompts are trained on too")
    return Rows(training, held_out, tuple(notes))


def split_by_hash(rows: Sequence[Row], share: float) -> tuple[list[Row], list[Row]]:
    """Training and held-out rows. The side of a row depends on its prompt alone, so equal prompts never stand on both."""

    def held(row: Row) -> bool:
        return int.from_bytes(hashlib.sha256(_key(row).encode()).digest()[:8], "big") < share * 2**64

    return [row for row in rows if not held(row)], [row for row in rows if held(row)]


def _key(row: Row) -> str:
    return json.dumps(row["prompt"], ensure_ascii=False, sort_keys=True)


def _markable(rows: list[Row], reward: Reward, data: DataConfig, place: str, notes: list[str]) -> list[Row]:
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
    return [row for index, row in enumerate(rows) if index not in out]


def unreadable(rows: Sequence[Row], reward: Reward) -> dict[int, str]:
    """Rows with a value that is not of its column's type, by index, with what was found."""

    def failing(some: Sequence[Row]) -> DataError | None:
        try:
            columns, prompts = _columns(some, reward), [row["prompt"] for row in some]
            rows_from_data(reward.program, reward.registry, [""] * len(some), prompts, columns)
        except DataError as error:
            return error
        return None

    if failing(rows) is None:
        return {}
    found = {index: error for index, row in enumerate(rows) if (error := failing([row])) is not None}
    return {index: f"'{error.column}': {error.message}" for index, error in found.items()}


def skipped(rows: Sequence[Row], reward: Reward) -> dict[int, str]:
    """Rows that a `require … else skip` leaves out. It may look at the data only, so an empty completion shows it."""
    if not any(require.score is None for require in reward.program.requires):
        return {}
    places, scores = _marked(rows, reward, "")
    left_out = np.isnan(scores.values)
    if not left_out.any():
        return {}
    marks = scores.rows
    gates = {place: marks[index].gate for index, place in enumerate(places) if left_out[index]}
    return {place: f"require {gate.words}" for place, gate in gates.items() if gate is not None}


def unjudgeable(rows: Sequence[Row], reward: Reward) -> dict[int, str]:
    """Rows on which a verifier gives up, although it judges most rows: then the reason is in the data, as with a gold answer.

    The completion is that of an example in the reward file, because an empty one is seldom compared with anything.
    """
    example = next((example for example in reward.program.examples if example.kind == "example"), None)
    if example is None:
        return {}
    places, scores = _marked(rows, reward, example.completion)
    found = {place: row.failures for place, row in zip(places, scores.rows, strict=True) if row.failures}
    counts = Counter(failure.verifier for failures in found.values() for failure in failures)
    usual = {verifier for verifier, count in counts.items() if count > len(rows) / 2}
    told = {
        index: [f"'{failure.verifier}': {failure.reason}" for failure in failures if failure.verifier not in usual]
        for index, failures in found.items()
    }
    return {index: "; ".join(reasons) for index, reasons in told.items() if reasons}


def _marked(rows: Sequence[Row], reward: Reward, completion: str) -> tuple[list[int], Scores]:
    """The readable rows, by index, and how each is marked with this completion."""
    bad = unreadable(rows, reward)
    places = [index for index in range(len(rows)) if index not in bad]
    some = [rows[index] for index in places]
    return places, reward.score([completion] * len(some), prompts=[row["prompt"] for row in some], columns=_columns(some, reward))


def _columns(rows: Sequence[Row], reward: Reward) -> dict[str, list[Any]]:
    return {name: [row.get(name) for row in rows] for name in reward.columns}


def _short_enough(rows: list[Row], tokenizer: Any, limit: int, place: str, notes: list[str]) -> list[Row]:
    from rewardlang.trainer.gpu_run import prompt_ids

    lengths = [len(prompt_ids(tokenizer, row["prompt"])) for row in rows]
    long = [index for index, length in enumerate(lengths) if length > limit]
    if not long:
        return rows
    named = _some(f"row {index + 1} ({lengths[index]:,})" for index in long)
    told = f"[{place}]: {len(long):,} of {len(rows):,} prompts have more than {limit:,} tokens: {named}"
    if len(long) == len(rows):
        raise TrainingProblem(told, f"raise '{place}.max_prompt_tokens', or lower 'training.max_completion_tokens'")
    notes.append(f"{told}; they are left out")
    return [row for index, row in enumerate(rows) if index not in set(long)]


def _some(texts: Iterable[str]) -> str:
    listed = list(texts)
    return ", ".join(listed[:_NAMED]) + (", …" if len(listed) > _NAMED else "")
