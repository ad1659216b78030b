"""All rows of a run, checked before a model is loaded: the sources of a mix, prompts too long, the split by hash, rows on both sides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
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

    def usable(data: DataConfig, place: str) -> list[Row]:
        needed = [name for name, kind in reward.columns.items() if not isinstance(kind, OptionalType)]
        template = bool(getattr(tokenizer, "chat_template", None))
        rows = load_rows(data, columns=needed, chat=template, held_out=place.startswith("held_out"))
        if not template and tokenizer is not None and not all(isinstance(row["prompt"], str) for row in rows):
            raise TrainingProblem(
                f"the tokenizer of {config.model.path} has no chat template, and [{place}] has prompts that are chats"
                + (" because of its 'chat = true'" if data.chat else ""),
                "take the model's instruct version, name a template with 'model.chat_template', or give prompts as text with chat = false",
            )
        rows = markable(rows, reward, data, place, notes)
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
