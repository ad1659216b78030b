"""Reads a run from TOML, strictly: an unknown key, a wrong type and a value out of range are mistakes, and all are told at once."""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rewardlang.suggest import did_you_mean
from rewardlang.trainer.algorithms import ALGORITHMS
from rewardlang.trainer.config import DataConfig, RunConfig
from rewardlang.trainer.presets import PRESETS, merged
from rewardlang.trainer.problem import TrainingProblem

T = TypeVar("T")

_SOURCES = ("file", "hub", "reasoning_gym", "recipe")
_CHOICES = {
    "model.dtype": ("auto", "float32", "bfloat16"),
    "engine.backend": ("transformers", "memory"),
    "curriculum.prompts": ("shuffled", "difficulty"),
    "training.schedule": ("constant", "linear", "cosine"),
    "training.algorithm": tuple(ALGORITHMS),
    "training.scale_rewards": (None, "group", "batch", "none"),
}
_POSITIVE = (
    *("steps", "completions", "iterations", "learning_rate", "max_completion_tokens", "value_learning_rate", "max_grad_norm", "dpo_beta"),
    *("log_every", "keep"),
)
_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", dict: "a table", tuple: "a list of texts"}


def read_config(path: str | Path, changes: Sequence[str] = ()) -> RunConfig:
    """The run that a file describes; paths in it become relative to where the file stands.

    `changes` are texts such as `training.steps=20`, which win over the file, as the file wins over its preset. Raises `TrainingProblem`.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingProblem(f"the configuration {path} cannot be read: {error.strerror or error}", "name a TOML file") from None
    except UnicodeDecodeError:
        raise TrainingProblem(f"{path} is not UTF-8 text", "save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise TrainingProblem(f"{path} is not TOML: {error}", "rewardlang train --keys shows a file that is") from None
    mistakes: list[str] = []
    for change in changes:
        table = merged(table, _changed(change, mistakes))
    preset = table.get("preset")
    if isinstance(preset, str) and preset in PRESETS:
        table = merged(PRESETS[preset].tables, table)
    config = _read(RunConfig, table, "", mistakes)
    if not mistakes:
        mistakes.extend(mistakes_of(config))
    if mistakes:
        listed = "".join(f"\n  - {mistake}" for mistake in mistakes)
        raise TrainingProblem(
            f"{path} has {len(mistakes)} mistake{'s' * (len(mistakes) > 1)}:{listed}", "rewardlang train --keys lists every key"
        )
    return _relative_to(config, path.parent)


def config_from_record(table: dict[str, Any], where: Path) -> RunConfig:
    """The configuration that `run.json` holds, with its paths as they stand there. Raises `TrainingProblem` for one of another version."""
    mistakes: list[str] = []
    config = _read(RunConfig, _given(table), "", mistakes)
    if mistakes:
        listed = "".join(f"\n  - {mistake}" for mistake in mistakes)
        raise TrainingProblem(f"{where} holds a configuration that this version does not read:{listed}", "use the version that wrote it")
    return config


def _given(table: dict[str, Any]) -> dict[str, Any]:
    """What JSON writes as null is what TOML leaves out."""
    return {name: _given(value) if isinstance(value, dict) else value for name, value in table.items() if value is not None}


def _changed(change: str, mistakes: list[str]) -> dict[str, Any]:
    """`training.steps=20` as tables. The value is TOML; what is no TOML is a text, so that quotation marks may be left out."""
    name, sign, text = change.partition("=")
    parts = name.strip().split(".")
    if not sign or not all(part.isidentifier() for part in parts):
        mistakes.append(f"--set {change!r} is not KEY=VALUE, such as training.steps=20")
        return {}
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    for part in reversed(parts):
        value = {part: value}
    return typing.cast("dict[str, Any]", value)


def _read(kind: type[T], table: dict[str, Any], place: str, mistakes: list[str]) -> T:
    """A dataclass from a table; what is wrong goes to `mistakes`, and the default stands in for it."""
    hints = typing.get_type_hints(kind)
    known = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in known:
            guess = did_you_mean(name, known)
            where = f"[{place.rstrip('.')}] has" if place else "there is"
            mistakes.append(f"{where} no key '{name}'" + (f"; {guess}" if guess else ""))
            continue
        wanted = hints[name]
        inner = next((part for part in typing.get_args(wanted) or (wanted,) if dataclasses.is_dataclass(part)), None)
        if inner is not None and isinstance(value, dict):
            values[name] = _read(typing.cast("type[Any]", inner), value, f"{place}{name}.", mistakes)
        else:
            fitted = _fit(value, wanted)
            if fitted is None:
                mistakes.append(f"'{place}{name}' must be {type_in_words(wanted)}, found {value!r}")
            else:
                values[name] = fitted
    return kind(**values)


def _plain(wanted: Any) -> type:
    """The one type that a hint stands for, without `| None`, `[…]`."""
    if isinstance(wanted, types.UnionType):
        wanted = next(part for part in wanted.__args__ if part is not types.NoneType)
    plain: type = typing.get_origin(wanted) or wanted
    return plain


def _fit(value: Any, wanted: Any) -> Any:
    """The value as the wanted type, or None. A whole number is also a number; true is not a number."""
    plain = _plain(wanted)
    if plain is tuple:
        items = [value] if isinstance(value, str) else value
        return tuple(items) if isinstance(items, list) and items and all(isinstance(item, str) for item in items) else None
    if plain is float and type(value) is int:
        return float(value)
    if typing.get_args(wanted) == (str, str):
        return value if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()) else None
    return value if type(value) is plain else None


def type_in_words(wanted: Any) -> str:
    """A type as messages and pages name it."""
    return _WORDS.get(_plain(wanted), "a table")


def mistakes_of(config: RunConfig) -> Iterator[str]:
    """What types alone do not say: keys that must be there, and values that exclude one another."""
    if not config.reward:
        yield "'reward' is missing: the .reward file that pays"
    if not config.output:
        yield "'output' is missing: the folder for checkpoints and metrics"
    if not config.model.path:
        yield "'model.path' is missing: a folder, or the id of a model on the hub"
    if config.preset is not None and config.preset not in PRESETS:
        guess = did_you_mean(config.preset, PRESETS)
        yield f"there is no preset '{config.preset}'; {guess or 'there are ' + ', '.join(PRESETS)}"
    yield from _data_mistakes("data", config.data)
    if config.held_out is not None:
        yield from _data_mistakes("held_out", config.held_out)
        if config.held_out.held_out_share is not None or config.data.held_out_share is not None:
            yield "'held_out_share' stands in [data] in place of the table [held_out], not beside it or in it"
    elif config.data.held_out_share is not None:
        if not 0 < config.data.held_out_share < 1:
            yield f"'data.held_out_share' must be between 0 and 1, found {config.data.held_out_share}"
    elif config.evaluation.every:
        yield "'evaluation.every' asks for measurements, but there is neither a table [held_out] nor 'data.held_out_share'"
    for place, choices in _CHOICES.items():
        table, name = place.split(".")
        value = getattr(getattr(config, table), name)
        if value not in choices:
            named = [choice for choice in choices if choice is not None]
            guess = did_you_mean(value, named)
            yield f"'{place}' must be one of {', '.join(map(repr, named))}, found {value!r}" + (f"; {guess}" if guess else "")
    training = config.training
    for name in _POSITIVE:
        if getattr(training, name) <= 0:
            yield f"'training.{name}' must be more than 0, found {getattr(training, name)}"
    if training.group < 2:
        yield f"'training.group' must be at least 2, found {training.group}: a reward is compared with others for the same prompt"
    elif training.completions % training.group:
        yield f"'training.completions' ({training.completions}) must be a multiple of 'training.group' ({training.group})"
    if training.micro_batch is not None and (training.micro_batch < 1 or training.completions % training.micro_batch):
        yield f"'training.micro_batch' ({training.micro_batch}) must divide 'training.completions' ({training.completions})"
    algorithm = ALGORITHMS.get(training.algorithm)
    if algorithm is not None:
        for name in algorithm.unused:
            if getattr(training, name):
                yield f"'training.{name}' means nothing under '{training.algorithm}'; leave it out"
        if algorithm.pairs and training.micro_batch and training.micro_batch % training.group:
            yield (
                f"'training.micro_batch' ({training.micro_batch}) must be a multiple of 'training.group' ({training.group}) under "
                f"'{training.algorithm}', which compares the completions of a group"
            )
    if not 0 <= training.gae_lambda <= 1:
        yield f"'training.gae_lambda' must be from 0 to 1, found {training.gae_lambda}"
    if not 0 < config.curriculum.floor <= 1:
        yield f"'curriculum.floor' must be more than 0 and at most 1, found {config.curriculum.floor}"
    if not 0 <= config.curriculum.memory <= 1:
        yield f"'curriculum.memory' must be from 0 to 1, found {config.curriculum.memory}"
    if config.evaluation.patience and not config.evaluation.every:
        yield "'evaluation.patience' counts measurements on the way; set 'evaluation.every'"
    for name in ("clip", "clip_high", "refill", "value_weight"):
        value = getattr(training, name)
        if value is not None and value < 0:
            yield f"'training.{name}' must not be negative, found {value}"
    if training.temperature <= 0:
        yield "'training.temperature' must be more than 0: without chance all completions of a group are the same"


def _data_mistakes(place: str, data: DataConfig) -> Iterator[str]:
    given = [name for name in _SOURCES if getattr(data, name) is not None]
    if len(given) != 1:
        found = f"found {' and '.join(given)}" if given else "found none"
        yield f"[{place}] must name exactly one of {', '.join(_SOURCES)}; {found}"
    if data.size is not None and data.size < 1:
        yield f"'{place}.size' must be at least 1, found {data.size}"
    if data.size is None and given in (["recipe"], ["reasoning_gym"]):
        yield f"'{place}.size' is missing: how many rows to make"
    if data.unusable not in ("refuse", "leave_out"):
        yield f"'{place}.unusable' must be one of 'refuse', 'leave_out', found {data.unusable!r}"
    if data.max_prompt_tokens is not None and data.max_prompt_tokens < 1:
        yield f"'{place}.max_prompt_tokens' must be at least 1, found {data.max_prompt_tokens}"
    if given == ["file"] and not str(data.file).endswith((".jsonl", ".parquet")):
        yield f"'{place}.file' must end in .jsonl or .parquet, found {data.file!r}"


def _relative_to(config: RunConfig, folder: Path) -> RunConfig:
    """Paths as seen from the working folder. A model path that is no folder there is left alone: it is an id on the hub."""

    def found(path: str) -> str:
        return str(folder / Path(path).expanduser())

    def data(table: DataConfig) -> DataConfig:
        return table if table.file is None else dataclasses.replace(table, file=found(table.file))

    model = config.model
    if Path(found(model.path)).exists() or model.path.startswith((".", "/", "~")):
        model = dataclasses.replace(model, path=found(model.path))
    return dataclasses.replace(
        config,
        reward=found(config.reward),
        output=found(config.output),
        model=model,
        data=data(config.data),
        held_out=None if config.held_out is None else data(config.held_out),
    )
