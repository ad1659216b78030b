"""All rows of a run, checked before a model is loaded: the sources of a mix, prompts too long, the split by hash, rows on both sides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rewardlang.reward import Reward
from rewardlang.trainer.config import DataConfig, RunConfig
from rewardlang.trainer.config_mistakes import SOURCES
from rewardlang.trainer.data import Row, load_rows
from rewardlang.trainer.data_order import Share
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.row_checks import markable
from rewardlang.types import OptionalType

_NAMED = 5


@dataclass(frozen=True)
class Rows:
    """What is trained on, what is measured on, and what was found on the way, a sentence each."""

    training: list[Row]
    held_out: list[Row]
    notes: tuple[str, ...]
    shares: tuple[Share, ...]  # the sources of `training`, in its order


def prepared_rows(config: RunConfig, reward: Reward, tokenizer: Any, context: int | None) -> Rows:
    """Loads and checks all rows; `context` is how many tokens the model can read, None if it does not say. Raises `TrainingProblem`."""
    notes: list[str] = []

    needed = [name for name, kind in reward.columns.items() if not isinstance(kind, OptionalType)]

    def usable(data: DataConfig, place: str) -> list[Row]:
        template = bool(getattr(tokenizer, "chat_template", None))
        rows = load_rows(data, columns=needed, chat=template, held_out=place.startswith("held_out"))
        if not template and tokenizer is not None and not all(isinstance(row["prompt"], str | None) for row in rows):
            raise TrainingProblem(
                f"the tokenizer of {config.model.path} has no chat template, and [{place}] has prompts that are chats"
                + (" because of its 'chat = true'" if data.chat else ""),
                "take the model's instruct version, name a template with 'model.chat_template', or give prompts as text with chat = false",
            )
        rows = markable(rows, reward, data, place, notes)
        limit = data.max_prompt_tokens
        if limit is None and context is not None:
            limit = context - config.training.max_completion_tokens
        return rows if limit is None else _short_enough(rows, tokenizer, limit, place, notes, asked=data.max_prompt_tokens is not None)

    most = config.training.max_completion_tokens
    if context is not None and most >= context:
        raise TrainingProblem(
            f"'training.max_completion_tokens' ({most:,}) leaves no room for a prompt in the {context:,} tokens that the model reads",
            "lower it",
        )
    sources = [(usable(data, place), data) for place, data in _sources("data", config.data)]
    held_out = (
        [] if config.held_out is None else [row for place, data in _sources("held_out", config.held_out) for row in usable(data, place)]
    )
    share = config.data.held_out_share
    if share is not None:
        halves = [split_by_hash(rows, share) for rows, _ in sources]
        sources, held_out = (
            [(kept, data) for (kept, _), (_, data) in zip(halves, sources, strict=True)],
            [row for _, held in halves for row in held],
        )
        total = len(held_out) + sum(len(rows) for rows, _ in sources)
        notes.append(f"[data]: {len(held_out):,} of {total:,} rows are held out, by a hash of the prompt")
        if not held_out or not all(rows for rows, _ in sources):
            raise TrainingProblem(f"'data.held_out_share' = {share} leaves one side without rows", "give more rows, or another share")
    training = [row for rows, _ in sources for row in rows]
    notes += _repeated(training, needed)
    shares = tuple(Share(source_name(data), len(rows), data.weight) for rows, data in sources)
    if len(shares) > 1:
        told = ", ".join(f"{one.name} ({one.rows:,} rows, weight {one.weight:g})" for one in shares)
        notes.append(f"[data]: a mix of {told}")
    both = {_key(row) for row in training} & {_key(row) for row in held_out}
    if both:
        notes.append(f"{sum(_key(row) in both for row in held_out):,} of {len(held_out):,} held-out prompts are trained on too")
    return Rows(training, held_out, tuple(notes), shares)


def _sources(place: str, data: DataConfig) -> list[tuple[str, DataConfig]]:
    """Each source with what messages call its table."""
    return [(f"{place}.mix {number}", part) for number, part in enumerate(data.mix, 1)] if data.mix else [(place, data)]


def source_name(data: DataConfig) -> str:
    """What a source is, in a word or two."""
    return next(str(getattr(data, name)) for name in SOURCES if getattr(data, name) is not None)


def split_by_hash(rows: Sequence[Row], share: float) -> tuple[list[Row], list[Row]]:
    """Training and held-out rows. The side of a row depends on its prompt alone, so equal prompts never stand on both."""

    def held(row: Row) -> bool:
        return int.from_bytes(hashlib.sha256(_key(row).encode()).digest()[:8], "big") < share * 2**64

    return [row for row in rows if not held(row)], [row for row in rows if held(row)]


def _key(row: Row) -> str:
    return json.dumps(row["prompt"], ensure_ascii=False, sort_keys=True)


def _repeated(rows: Sequence[Row], columns: Sequence[str]) -> Iterator[str]:
    """Prompts that occur more than once, and those of them that are not paid alike: a mistake in most data."""
    golds: dict[str, list[str]] = {}
    for row in rows:
        golds.setdefault(_key(row), []).append(json.dumps([row.get(name) for name in columns], default=str, sort_keys=True))
    again = {prompt: found for prompt, found in golds.items() if len(found) > 1}
    if again:
        yield f"[data]: {len(again):,} of {len(golds):,} prompts occur more than once, {sum(map(len, again.values())):,} rows in all"
    at_odds = [prompt for prompt, found in again.items() if len(set(found)) > 1]
    if at_odds:
        names = ", ".join(f"'{name}'" for name in columns)
        comes = "comes" if len(at_odds) == 1 else "come"
        yield f"[data]: {len(at_odds):,} of these prompts {comes} with different values of {names}, such as {at_odds[0]:.200}"


def _short_enough(rows: list[Row], tokenizer: Any, limit: int, place: str, notes: list[str], *, asked: bool) -> list[Row]:
    from rewardlang.trainer.gpu_run import prompt_ids

    lengths = [len(prompt_ids(tokenizer, row["prompt"])) for row in rows]
    long = [index for index, length in enumerate(lengths) if length > limit]
    if not long:
        return rows
    named = _some(f"row {index + 1} ({lengths[index]:,})" for index in long)
    told = f"[{place}]: {len(long):,} of {len(rows):,} prompts have more than {limit:,} token{'s' * (limit > 1)}: {named}"
    if len(long) == len(rows):
        remedy = f"raise '{place}.max_prompt_tokens'" if asked else "lower 'training.max_completion_tokens', which takes the room"
        raise TrainingProblem(told, remedy)
    notes.append(f"{told}; they are left out")
    return [row for index, row in enumerate(rows) if index not in set(long)]


def _some(texts: Iterable[str]) -> str:
    listed = list(texts)
    return ", ".join(listed[:_NAMED]) + (", …" if len(listed) > _NAMED else "")
