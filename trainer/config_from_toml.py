"""Reads a run from TOML, strictly: an unknown key, a wrong type and a value out of range are mistakes, and all are told at once."""

from __future__ import annotations

import dataclasses
import datetime
import math
import re
import tomllib
import types
import typing
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rewardlang.trainer.config import DataConfig, RunConfig, is_list, table_in
from rewardlang.trainer.config_guesses import meant
from rewardlang.trainer.config_mistakes import mistakes_of
from rewardlang.trainer.config_syntax import told
from rewardlang.trainer.presets import PRESETS, flat, merged
from rewardlang.trainer.problem import TrainingProblem

T = TypeVar("T")

_INHERITED = ("rename", "system", "chat", "unusable", "max_prompt_tokens")  # keys of [data] that hold for each [[data.mix]]
_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", dict: "a table", tuple: "a list of texts"}


def read_config(path: str | Path, changes: Sequence[str] = (), say: Callable[[str], None] = lambda text: None) -> RunConfig:
    """The run that a file describes; paths in it become relative to where the file stands.

    `changes` are texts such as `training.steps=20`, which win over the file, as the file wins over its preset; a preset among them, too,
    is laid over the file: whoever asks for `try` in a call wants four steps, whatever the file says. `say` is told which settings of its
    preset a file overrides. Raises `TrainingProblem`.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise TrainingProblem(f"the configuration {path} cannot be read: {error.strerror or error}", "name a TOML file") from None
    except UnicodeDecodeError:
        raise TrainingProblem(f"{path} is not UTF-8 text", "save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        said, remedy = told(path.read_text(encoding="utf-8-sig"), error)
        raise TrainingProblem(f"{path} is not TOML: {said}", remedy) from None
    except RecursionError:
        raise TrainingProblem(f"{path} is nested too deeply", "rewardlang train --keys shows a file that is not") from None
    mistakes: list[str] = []
    asked: dict[str, Any] = {}
    for change in changes:
        asked = merged(asked, _changed(change, mistakes))
    preset = _preset_of(table)
    if others := [key for key, value in flat(preset) if value != dict(flat(table)).get(key, value)]:
        say(f"{path} has other values than its preset '{table['preset']}' for {', '.join(others)}")
    table = merged(preset, table)
    table = merged(table, merged(_preset_of(asked), asked))
    config = _read(RunConfig, table, "", mistakes)
    if not mistakes:
        mistakes.extend(mistakes_of(config))
    if mistakes:
        listed = "".join(f"\n  - {mistake}" for mistake in mistakes)
        raise TrainingProblem(
            f"{path}{' with what the command adds' * bool(changes)} has {len(mistakes)} mistake{'s' * (len(mistakes) > 1)}:{listed}",
            "rewardlang train --keys lists every key",
        )
    return _relative_to(config, path.parent)


def _preset_of(table: dict[str, Any]) -> dict[str, Any]:
    """The tables of the preset that is named; none for a name that is none, which is told later."""
    name = table.get("preset")
    return PRESETS[name].tables if isinstance(name, str) and name in PRESETS else {}


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
    return {name: _without_null(value) for name, value in table.items() if value is not None}


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return _given(value)
    return [_without_null(item) for item in value] if isinstance(value, list) else value


def _changed(change: str, mistakes: list[str]) -> dict[str, Any]:
    """`training.steps=20` as tables. The value is TOML; what is no TOML is a text, so that quotation marks may be left out."""
    name, sign, text = change.partition("=")
    parts = name.strip().split(".")
    if not sign or not all(part.isidentifier() for part in parts):
        mistakes.append(f"--set {change!r} is not KEY=VALUE, such as training.steps=20")
        return {}
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        value = text.strip()
        if value.startswith(("[", "{", '"', "'")):
            mistakes.append(
                f"--set {change!r}: the value is not TOML; in lists and tables texts stand in quotation marks, such as ['q_proj']"
            )
            return {}
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
            where = f"[{place.rstrip('.')}] has" if place else "there is"
            mistakes.append(f"{where} no key '{name}'; {meant(name, known, bool(place))}")
            continue
        wanted = hints[name]
        inner = table_in(wanted)
        if inner is not None and is_list(wanted):
            if not _are_tables(value):
                mistakes.append(f"'{place}{name}' must be {type_in_words(wanted)}, each as [[{place}{name}]], found {value!r}")
                continue
            parts = [_inherited(table, part) for part in value]
            values[name] = tuple(_read(inner, part, f"{place}{name} {number}.", mistakes) for number, part in enumerate(parts, 1))
        elif inner is not None and isinstance(value, dict):
            values[name] = _read(inner, value, f"{place}{name}.", mistakes)
        else:
            fitted = _fit(value, wanted)
            if fitted is None:
                mistakes.append(
                    f"'{place}{name}' must be {type_in_words(wanted)}, found {_shown(value)}{_remedy(value, wanted, place + name)}"
                )
            else:
                values[name] = fitted
    return kind(**values)


def _shown(value: Any) -> str:
    """A value as TOML writes it, where that is not how Python does."""
    if isinstance(value, (datetime.date, datetime.time)):
        return str(value)
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _remedy(value: Any, wanted: Any, key: str) -> str:
    """How it is written, where that can be guessed."""
    if table_in(wanted) is not None:
        several = f"; several sources are [[{key}.mix]]" if isinstance(value, list) and key in ("data", "held_out") else ""
        return f"; write [{key}] on a line, and its keys below it{several}"
    if isinstance(value, float) and value.is_integer() and _fit(int(value), wanted) is not None:
        return f"; write {int(value)}"
    if not isinstance(value, str):
        return ""
    if value.lower() in ("true", "false", "yes", "no", "on", "off") and _plain(wanted) is bool and value not in ("true", "false"):
        return f"; write {'true' if value.lower() in ('true', 'yes', 'on') else 'false'}"
    share = re.fullmatch(r"(\d{1,3}(?:\.\d{1,3})?) ?%", value)
    if share is not None and _plain(wanted) is float:
        return f"; write {float(share[1]) / 100:g}"
    try:
        inner = tomllib.loads(f"value = {value}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return ""
    return "; leave out the quotation marks" if _fit(inner, wanted) is not None else ""


def _are_tables(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(part, dict) for part in value)


def _inherited(table: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """One source of a mix, with what the table around it says for all."""
    return {name: value for name, value in table.items() if name in _INHERITED} | part


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
        wanted_any = items or types.NoneType in typing.get_args(wanted)  # an empty list means something where leaving it out means more
        return tuple(items) if isinstance(items, list) and wanted_any and all(isinstance(item, str) for item in items) else None
    if plain is float and type(value) in (int, float):
        return float(value) if math.isfinite(value) else None
    if typing.get_args(wanted) == (str, str):
        return value if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()) else None
    return value if type(value) is plain else None


def type_in_words(wanted: Any) -> str:
    """A type as messages and pages name it."""
    if is_list(wanted) and table_in(wanted) is not None:
        return "a list of tables"
    return _WORDS.get(_plain(wanted), "a table")


def _relative_to(config: RunConfig, folder: Path) -> RunConfig:
    """Paths as seen from the working folder. A model path that is no folder there is left alone: it is an id on the hub."""

    def found(path: str) -> str:
        return str(folder / Path(path).expanduser())

    def data(table: DataConfig) -> DataConfig:
        file = None if table.file is None else found(table.file)
        hub = found(table.hub) if table.hub is not None and Path(found(table.hub)).is_dir() else table.hub
        return dataclasses.replace(table, file=file, hub=hub, mix=tuple(data(part) for part in table.mix))

    model = config.model
    if Path(found(model.path)).exists() or model.path.startswith((".", "/", "~")):
        there = found(model.path)
        # a path that begins so is never an id on the hub
        model = dataclasses.replace(model, path=there if there.startswith((".", "/")) else f"./{there}")
    if model.chat_template is not None:
        model = dataclasses.replace(model, chat_template=found(model.chat_template))
    return dataclasses.replace(
        config,
        reward=found(config.reward),
        output=found(config.output),
        model=model,
        data=data(config.data),
        held_out=None if config.held_out is None else data(config.held_out),
    )
