"""`rewardlang runs compare`: the figures of several runs side by side, and what differs in their configurations."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rewardlang.commands import shared
from rewardlang.commands.runs_words import ARROW, accuracy, ends, label, state, why
from rewardlang.commands.table import table
from rewardlang.samples.problem import UsageError
from rewardlang.terminal_text import wrap

DESCRIPTION = """
Several runs side by side: steps, accuracy and score on held-out rows, the figures of training, the points of each rule,
alarms; below them, each key of the configurations that differs.
"""
EXAMPLE = """
rewardlang runs compare runs/maths runs/maths-dapo
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `runs compare`."""
    parser.add_argument("runs", metavar="RUN", nargs="+", type=Path, help="the 'output' folders of two runs or more")


def run(arguments: argparse.Namespace) -> int:
    """Compares."""
    from rewardlang.trainer.run_summary import comparison

    if len(arguments.runs) < 2:
        raise UsageError("runs compare takes two runs or more; runs show takes one")
    found = comparison(arguments.runs)
    if arguments.json:
        shared.print_json(found)
        return 0
    names = _names(arguments.runs)
    print("\n".join(table(["", *names], _figures(found["runs"]), numbers=len(names), width=shared.width(), paint=shared.paint())))
    print("".join(_reasons(names, found["runs"])), end="")
    changed = [[key, *map(_short, values)] for key, values in found["differences"].items()] or [["nothing", *[""] * len(names)]]
    print("\n" + "\n".join(table(["differs", *names], changed, numbers=len(names), width=shared.width(), paint=shared.paint())))
    return 0


def _reasons(names: list[str], runs: list[dict[str, Any]]) -> Iterator[str]:
    """Why runs ended that did not finish, each with what to do."""
    for name, one in zip(names, runs, strict=True):
        told = [f"  {line}" for text in why(one) for line in wrap(text, shared.width() - 2)]
        if told:
            yield "\n".join(["", f"{name}: {state(one)}", *told, ""])


def _names(folders: list[Path]) -> list[str]:
    """Folders' last names where those tell them apart."""
    names = [folder.name for folder in folders]
    return names if len(set(names)) == len(names) else [str(folder) for folder in folders]


def _figures(runs: list[dict[str, Any]]) -> list[list[str]]:
    """Lines of the comparison: a label, and a text for each run."""
    figures = dict.fromkeys(name for one in runs for name in one["training"])
    rules = dict.fromkeys(name for one in runs for name in one["rules"])
    return [
        ["steps", *(f"{one['steps']['done']} of {one['steps']['planned']}" for one in runs)],
        ["ended", *map(state, runs)],
        ["accuracy before", *(accuracy(_first_and_last(one)[0]) for one in runs)],
        ["accuracy at the end (95%)", *(accuracy(_first_and_last(one)[1]) for one in runs)],
        ["score, held out", *(ARROW.join(_short(row.get("score")) for row in _first_and_last(one)) for one in runs)],
        *([label(name), *(ends(one["training"].get(name), name) for one in runs)] for name in figures),
        *([f"points of {name}", *(ends(one["rules"].get(name, {}).get("points"), "points") for one in runs)] for name in rules),
        ["alarms", *(", ".join(alarm["alarm"] for alarm in one["alarms"]) or "none" for one in runs)],
    ]


def _first_and_last(one: dict[str, Any]) -> list[dict[str, Any]]:
    measured: list[dict[str, Any]] = one["held_out"] or [{}]
    return [measured[0], measured[-1]]


def _short(value: Any) -> str:
    """Numbers with three digits; settings as they are written."""
    return "–" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)
