"""`rewardlang runs show`: what one training run came to, from what it left on the disk."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rewardlang.commands import shared
from rewardlang.commands.runs_numbers import whole
from rewardlang.commands.runs_words import accuracy, ends, label, resumed, state, why
from rewardlang.commands.table import table
from rewardlang.terminal_text import clip, safe, wrap

DESCRIPTION = """
What a run came to: accuracy on held-out rows, each rule's points and its share of what tells completions apart, alarms with
what to do, the best and the worst completions of the last version of the policy.
"""
EXAMPLE = """
rewardlang runs show runs/maths
rewardlang runs show runs/maths --version 0 --completions 10
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `runs show`."""
    parser.add_argument("run", metavar="RUN", type=Path, help="the 'output' folder of a run")
    parser.add_argument("--completions", type=whole(0), default=2, metavar="N", help="how many of the best and of the worst (default 2)")
    parser.add_argument("--version", type=whole(0), metavar="N", help="completions of this version of the policy (default: the last)")


def run(arguments: argparse.Namespace) -> int:
    """Shows. A run with alarms is a finding, and so is one that failed or was killed."""
    from rewardlang.trainer.run_summary import completions_of, summary

    found = summary(arguments.run)
    rows = completions_of(arguments.run, arguments.version, arguments.completions) if found["ledger"] and arguments.completions > 0 else []
    if arguments.json:
        shared.print_json(found | {"completions": rows})
    else:
        print("\n".join([*_lines(found), *_completions(rows, found["reward"]["rules"])]))
    broken = (found["ending"] or {}).get("how") in ("failed", "killed")
    return 1 if found["alarms"] or broken else 0


def _lines(found: dict[str, Any]) -> Iterator[str]:
    """The story of one run."""
    steps, reward = found["steps"], found["reward"]
    left = "" if found["finished"] else f"; last whole checkpoint: {found['checkpoint'] or 'none'}"
    yield f"{found['run']}: {reward['name']} by {found['algorithm']}, step {steps['done']} of {steps['planned']}, {state(found)}{left}"
    for text in why(found):
        yield from wrap(text, shared.width())
    yield f"reward file {reward['version'] or ''} {reward['fingerprint'][:12]}".replace("  ", " ")
    for entry in found["resumed"]:
        yield from wrap(resumed(entry), shared.width())
    yield from found["notes"]
    yield ""
    rows = [[str(row["step"]), accuracy(row), f"{row['score']:.3f}"] for row in found["held_out"]]
    if rows:
        head = ["held out, step", "accuracy (95%)", "score"]
        yield from table(head, rows, numbers=2, width=shared.width(), paint=shared.paint())
        yield ""
    if found["training"]:
        yield from _training(found)
    if found["ledger"]:
        ledger = found["ledger"]
        yield ""
        written = f"{shared.counted(ledger['completions'], 'completion')} of {shared.counted(ledger['versions'], 'version')}"
        trouble = f"{ledger['skipped']:,} skipped, {ledger['with_failures']:,} with failures of verifiers"
        yield f"ledger: {written}, {trouble}; {ledger['marking_seconds']:.1f} s waited for marks"
        if (slow := ledger["verifier_seconds"]) is not None:
            longest = f"{slow['longest']:.3g} s at most (version {slow['version']}, row {slow['row']})"
            yield f"verifiers in other processes: {slow['median']:.3g} s a completion by median, {longest}; check --cost tells by line"
    for alarm in found["alarms"]:
        yield ""
        yield from wrap(f"ALARM in step {alarm['step']}, {alarm['alarm']}: {alarm['found']}", shared.width())
        yield from wrap(f"  what to do: {alarm['remedy']}", shared.width())


def _training(found: dict[str, Any]) -> Iterator[str]:
    """Figures of training, and what each rule paid."""
    figures = [[label(name), ends(value, name)] for name, value in found["training"].items()]
    yield from table(["training", "first → last"], figures, numbers=1, width=shared.width(), paint=shared.paint())
    yield ""
    rules = [[name, *(ends(value[kind], kind) for kind in ("points", "fired", "spread"))] for name, value in found["rules"].items()]
    yield from table(["rule", "points", "fired", "share of spread"], rules, numbers=3, width=shared.width(), paint=shared.paint())


def _completions(rows: list[dict[str, Any]], rules: list[str]) -> Iterator[str]:
    """Completions with the points of each rule, best first."""
    if rows:
        yield f"\ncompletions of version {rows[0]['version']}, best first"
    prompt = None
    for row in rows:
        if row["prompt"] != prompt:
            prompt = row["prompt"]
            yield clip(f"  {safe(' '.join(_plain_prompt(prompt).split()))}", shared.width())
        points = [f"{rule} {row[f'points.{rule}']:+g}" for rule in rules if row[f"points.{rule}"]]
        why = f"stopped: {row['gate']}" if row["gate"] else ", ".join(points) or "no points"
        yield clip(f"     {row['score']:g}  ({why})", shared.width())
        yield clip(f"        {safe(' '.join(row['completion'].split()))}", shared.width())


def _plain_prompt(prompt: str) -> str:
    """The last message of a chat, which the ledger holds as JSON."""
    try:
        messages = json.loads(prompt)
        return str(messages[-1]["content"])
    except (ValueError, TypeError, LookupError):
        return prompt
