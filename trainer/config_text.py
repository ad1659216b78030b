"""A configuration as text: every key with its default and its meaning, as a TOML file that can be edited."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Iterator
from typing import Any

from rewardlang.suggest import did_you_mean
from rewardlang.trainer.algorithms import ALGORITHMS
from rewardlang.trainer.config import DataConfig, RunConfig, is_list, table_in
from rewardlang.trainer.config_from_toml import type_in_words
from rewardlang.trainer.presets import PRESETS, flat, no_preset
from rewardlang.trainer.problem import TrainingProblem

_EXAMPLES: dict[str, Any] = {
    "reward": "maths.reward",
    "output": "runs/maths",
    "model.path": "Qwen/Qwen2.5-0.5B-Instruct",
    "data.file": "train.jsonl",
    "held_out.file": "held_out.jsonl",
}
_WIDTH = 34


def all_keys(preset: str | None = None) -> str:
    """TOML with one line a key. Only what every run needs is set; the rest is commented out with its default, or with what a preset sets.

    So a preset that is named in such a file is not overridden by defaults. Raises `TrainingProblem` for a preset that is none.
    """
    if preset is not None and preset not in PRESETS:
        raise TrainingProblem(no_preset(preset))
    given = {} if preset is None else {"preset": preset, **dict(flat(PRESETS[preset].tables))}
    return "\n".join([*_table(RunConfig, "", "a run: rewardlang train this-file.toml", given)]) + "\n"


def _table(kind: type[Any], place: str, heading: str, given: dict[str, Any]) -> Iterator[str]:
    yield f"# {heading}"
    if place:
        yield f"[{place.rstrip('.')}]"
    hints = typing.get_type_hints(kind)
    tables = []
    for field in dataclasses.fields(kind):
        inner = None if is_list(hints[field.name]) else table_in(hints[field.name])
        if inner is not None:
            tables.append((inner, f"{place}{field.name}.", field.metadata["text"]))
            continue
        key = place + field.name
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        value = given.get(key, _EXAMPLES.get(key, default))
        line = f"{field.name} =" if value is None else f"{field.name} = {toml_value(value)}"
        if key != "preset" if key in given else key not in _EXAMPLES:
            line = f"# {line}"
        yield f"{line:<{_WIDTH}}  # {field.metadata['text']}{' (as the preset sets it)' * (key in given and key != 'preset')}"
    for inner, path, text in tables:
        yield ""
        about = text if inner is not DataConfig else f"{text}; {_first_line(inner)}"
        yield from _table(typing.cast("type[Any]", inner), path, about, given)


def explained(prefix: str = "") -> str:
    """Every key, or those that begin with `prefix`: name, type, default, and the meaning below it; then algorithms and presets.

    Raises `TrainingProblem` when no key begins so.
    """
    lines = [line for name, line in _explained(RunConfig, "") if name.startswith(prefix)]
    if not lines:
        names = [name for name, _ in _explained(RunConfig, "")]
        word = prefix.lower().replace("data.mix.", "data.")
        inside = [f"'{name}'" for name in names if word and (name.startswith(word) or name.rpartition(".")[2].startswith(word))]
        guess = f"did you mean {', '.join(inside[:5])}?" if inside else did_you_mean(word, names)
        raise TrainingProblem(f"no key begins with '{prefix}'", guess or "leave the name out to see all")
    if not prefix or prefix.startswith("training.a"):
        lines += ["", "algorithms", *(f"  {name:<12}{algorithm.text}" for name, algorithm in ALGORITHMS.items())]
    if not prefix or prefix == "preset":
        lines += ["", "presets", *(f"  {name:<19}{preset.text}" for name, preset in PRESETS.items())]
    return "\n".join(lines) + "\n"


def _explained(kind: type[Any], place: str) -> Iterator[tuple[str, str]]:
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        name, hint = place + field.name, hints[field.name]
        inner = None if is_list(hint) else table_in(hint)
        if inner is not None:
            yield from _explained(typing.cast("type[Any]", inner), f"{name}.")
            continue
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        shown = "no default" if default in (None, "") else f"default {toml_value(default)}"
        yield name, f"{name}: {type_in_words(hint)}, {shown}\n    {field.metadata['text']}"


def _first_line(kind: Any) -> str:
    return (kind.__doc__ or "").split("\n")[0].replace("`", "").rstrip(".").lower()


def toml_value(value: Any) -> str:
    """A text, number, boolean, list or flat table in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(name)} = {toml_value(item)}" for name, item in value.items()) + " }" if value else "{}"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
