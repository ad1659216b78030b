"""`rewardlang runs`: what a training run came to, and how runs differ, from what they left on the disk."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rewardlang.commands import shared
from rewardlang.commands.table import table
from rewardlang.samples.problem import UsageError
from rewardlang.terminal_text import clip, safe, wrap

DESCRIPTION = """
runs show tells what a run came to: accuracy on held-out rows, each rule's points and its share of what tells completions
apart, alarms with what to do, the best and the worst completions of the last version of the policy. runs compare puts
several runs side by side, with what differs in their configurations. runs report writes report.html into the run's folder: curves,
the same prompts before and after, how it was made (a run writes it at its end, too). RUN is a run's 'output' folder; a run that goes on, or
was killed, can be read as well.
"""
EXAMPLE = """
rewardlang runs show runs/maths
rewardlang runs show runs/maths --version 0 --completions 10
rewardlang runs compare runs/maths runs/maths-dapo
rewardlang runs report runs/maths
"""
_ARROW = " → "


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `runs`."""
    parser.add_argument("what", choices=("show", "compare", "report"), help="show one run, compare several, or write the page of one")
    parser.add_argument("runs", metavar="RUN", nargs="+", help="the 'output' folder of a run")
    parser.add_argument("--completions", type=int, default=2, metavar="N", help="show: how many of the best and of the worst (default 2)")
    parser.add_argument("--version", type=int, metavar="N", help="show: completions of this version of the policy (default: the last)")
    parser.add_argument("--json", action="store_true", help="the same as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Shows or compares. A run with alarms is a finding."""
    from rewardlang.trainer.problem import TrainingProblem

    folders = [Path(name) for name in arguments.runs]
    try:
        return {"show": _show, "compare": _compare, "report": _report}[arguments.what](folders, arguments)
    except TrainingProblem as problem:
        raise UsageError(str(problem)) from None


def _show(folders: list[Path], arguments: argparse.Namespace) -> int:
    from rewardlang.trainer.run_summary import completions_of, summary

    if len(folders) > 1:
        raise UsageError("runs show takes one run; runs compare takes several")
    found = summary(folders[0])
    rows = completions_of(folders[0], arguments.version, arguments.completions) if found["ledger"] and arguments.completions > 0 else []
    if arguments.json:
        shared.print_json(found | {"completions": rows})
    else:
        print("\n".join([*_lines(found), *_completions(rows, found["reward"]["rules"])]))
    return 1 if found["alarms"] else 0


def _report(folders: list[Path], arguments: argparse.Namespace) -> int:
    from rewardlang.trainer.run_report import write_report

    if len(folders) > 1:
        raise UsageError("runs report takes one run")
    path = write_report(folders[0])
    if arguments.json:
        shared.print_json({"report": str(path)})
    else:
        print(path)
    return 0


def _compare(folders: list[Path], arguments: argparse.Namespace) -> int:
    from rewardlang.trainer.run_summary import comparison

    if len(folders) < 2:
        raise UsageError("runs compare takes two runs or more; runs show takes one")
    found = comparison(folders)
    if arguments.json:
        shared.print_json(found)
        return 0
    names = [Path(one["run"]).name for one in found["runs"]]
    print("\n".join(table(["", *names], _figures(found["runs"]), numbers=len(names), width=shared.width(), paint=shared.paint())))
    changed = [[key, *map(_short, values)] for key, values in found["differences"].items()] or [["nothing", *[""] * len(names)]]
    print("\n" + "\n".join(table(["differs", *names], changed, numbers=len(names), width=shared.width(), paint=shared.paint())))
    return 0


def _figures(runs: list[dict[str, Any]]) -> list[list[str]]:
    """Lines of the comparison: a label, and a text for each run."""
    figures = dict.fromkeys(name for one in runs for name in one["training"])
    rules = dict.fromkeys(name for one in runs for name in one["rules"])
    return [
        ["steps", *(f"{one['steps']['done']} of {one['steps']['planned']}" for one in runs)],
        ["accuracy, held out", *(_measured(one["held_out"], "accuracy") for one in runs)],
        ["score, held out", *(_measured(one["held_out"], "score") for one in runs)],
        *([name.replace("_", " "), *(_ends(one["training"].get(name)) for one in runs)] for name in figures),
        *([f"points of {name}", *(_ends(one["rules"].get(name, {}).get("points")) for one in runs)] for name in rules),
        ["alarms", *(", ".join(alarm["alarm"] for alarm in one["alarms"]) or "none" for one in runs)],
    ]


def _lines(found: dict[str, Any]) -> Iterator[str]:
    """The story of one run."""
    steps, reward = found["steps"], found["reward"]
    state = "finished" if found["finished"] else f"not finished; last whole checkpoint: {found['checkpoint'] or 'none'}"
    yield f"{found['run']}: {reward['name']} by {found['algorithm']}, step {steps['done']} of {steps['planned']}, {state}"
    yield f"reward file {reward['version'] or ''} {reward['fingerprint'][:12]}".replace("  ", " ")
    for entry in found["resumed"]:
        yield f"resumed at step {entry['step']}" + (f"; changed: {', '.join(entry['changed'])}" if entry["changed"] else "")
    yield from found["notes"]
    yield ""
    rows = [[str(row["step"]), _percent(row.get("accuracy")), f"{row['score']:.3f}"] for row in found["held_out"]]
    if rows:
        yield from table(["held out, step", "accuracy", "score"], rows, numbers=2, width=shared.width(), paint=shared.paint())
        yield ""
    figures = [[name.replace("_", " "), _ends(value)] for name, value in found["training"].items()]
    yield from table(["training", "first → last"], figures, numbers=1, width=shared.width(), paint=shared.paint())
    yield ""
    rules = [[name, *(_ends(value[kind]) for kind in ("points", "fired", "spread"))] for name, value in found["rules"].items()]
    yield from table(["rule", "points", "fired", "share of spread"], rules, numbers=3, width=shared.width(), paint=shared.paint())
    if found["ledger"]:
        ledger = found["ledger"]
        yield ""
        written = f"{shared.counted(ledger['completions'], 'completion')} of {shared.counted(ledger['versions'], 'version')}"
        trouble = f"{ledger['skipped']:,} skipped, {ledger['with_failures']:,} with failures of verifiers"
        yield f"ledger: {written}, {trouble}, marked in {ledger['marking_seconds']:.1f} s"
    for alarm in found["alarms"]:
        yield ""
        yield from wrap(f"ALARM in step {alarm['step']}, {alarm['alarm']}: {alarm['found']}", shared.width())
        yield from wrap(f"  what to do: {alarm['remedy']}", shared.width())


def _completions(rows: list[dict[str, Any]], rules: list[str]) -> Iterator[str]:
    """Completions with the points of each rule, best first."""
    if rows:
        yield f"\ncompletions of version {rows[0]['version']}, best first"
    for row in rows:
        points = [f"{rule} {row[f'points.{rule}']:+g}" for rule in rules if row[f"points.{rule}"]]
        why = f"stopped: {row['gate']}" if row["gate"] else ", ".join(points) or "no points"
        yield clip(f"  {row['score']:g}  ({why})", shared.width())
        yield clip(f"     {safe(' '.join(row['completion'].split()))}", shared.width())


def _ends(value: dict[str, float] | None) -> str:
    return "–" if value is None else f"{value['first']:.3g}{_ARROW}{value['last']:.3g}"


def _measured(rows: list[dict[str, Any]], name: str) -> str:
    values = [row[name] for row in rows if row.get(name) is not None]
    if not values:
        return "–"
    shown = [_percent(value) if name == "accuracy" else f"{value:.3f}" for value in (values[0], values[-1])]
    return _ARROW.join(shown)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _short(value: Any) -> str:
    return "–" if value is None else str(value)
