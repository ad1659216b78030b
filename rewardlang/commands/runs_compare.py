"""`rewardlang runs compare`: the figures of several runs side by side, and what differs in their configurations."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rewardlang.commands import shared
from rewardlang.commands.runs_words import ARROW, accuracy, ends, label, state, why
from rewardlang.commands.table import WIDEST, table
from rewardlang.samples.problem import UsageError
from rewardlang.terminal_text import safe, width_of, wrap

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
    print("\n".join(_tables(["", *names], _figures(found["runs"]))))
    print("".join(_reasons(names, found["runs"])), end="")
    changed = [[key, *map(_short, values)] for key, values in found["differences"].items()]
    print("\n" + "\n".join(_tables(["differs", *names], changed) if changed else ["nothing differs in their configurations"]))
    return 0


def _tables(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    """One table, or where the screen is too narrow several below one another, each with some of the runs."""
    widths = [max(min(width_of(safe(row[column])), WIDEST) for row in [head, *rows]) for column in range(len(head))]
    taken: list[int] = []
    for column in range(1, len(head)):
        if taken and widths[0] + sum(widths[one] + 2 for one in [*taken, column]) > shared.width():
            yield from _table(head, rows, taken)
            yield ""
            taken = []
        taken.append(column)
    yield from _table(head, rows, taken)


def _table(head: list[str], rows: list[list[str]], columns: list[int]) -> list[str]:
    some = [[row[0], *(row[column] for column in columns)] for row in [head, *rows]]
    return table(some[0], some[1:], numbers=len(columns), width=shared.width(), paint=shared.paint())


def _reasons(names: list[str], runs: list[dict[str, Any]]) -> Iterator[str]:
    """Why runs ended that did not finish, each with what to do; and the alarms that rang."""
    for name, one in zip(names, runs, strict=True):
        rang = [f"alarm in step {alarm['step']}: {alarm['alarm']}" for alarm in one["alarms"]]
        told = [f"  {line}" for text in [*why(one), *rang] for line in wrap(text, shared.width() - 2)]
        if told:
            yield "\n".join(["", f"{name}: {state(one)}", *told, ""])


def _names(folders: list[Path]) -> list[str]:
    """The folders by as much of the end of their paths as tells them apart."""
    most = max(len(folder.parts) for folder in folders)
    found = ([str(Path(*folder.parts[-count:])) for folder in folders] for count in range(1, most + 1))
    return next((names for names in found if len(set(names)) == len(set(folders))), [str(folder) for folder in folders])


def _figures(runs: list[dict[str, Any]]) -> list[list[str]]:
    """Lines of the comparison: a label, and a text for each run."""
    figures = dict.fromkeys(name for one in runs for name in one["training"])
    rules = dict.fromkeys(name for one in runs for name in one["rules"])
    return [
        ["steps", *(f"{one['steps']['done']} of {one['steps']['planned']}" for one in runs)],
        ["ended", *map(state, runs)],
        ["accuracy before", *(accuracy(_first_and_last(one)[0]) for one in runs)],
        ["accuracy at the end (95%)", *(accuracy(_first_and_last(one)[1]) for one in runs)],
        ["score, held out", *(ARROW.join(_short(row["score"]) for row in _first_and_last(one) if row) or "–" for one in runs)],
        *([label(name), *(ends(one["training"].get(name), name) for one in runs)] for name in figures),
        *([f"points of {name}", *(ends(one["rules"].get(name, {}).get("points"), "points") for one in runs)] for name in rules),
        ["alarms", *(str(len(one["alarms"]) or "none") for one in runs)],
    ]


def _first_and_last(one: dict[str, Any]) -> list[dict[str, Any]]:
    """The measurements before and after; nothing for one that was not made."""
    measured: list[dict[str, Any]] = one["held_out"] or [{}]
    return [measured[0], measured[-1] if len(measured) > 1 else {}]


def _short(value: Any) -> str:
    """Numbers with three digits; settings as they are written."""
    return "–" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)
