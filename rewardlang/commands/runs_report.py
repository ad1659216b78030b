"""`rewardlang runs report`: the page of a run, made anew."""

from __future__ import annotations

import argparse
from pathlib import Path

from rewardlang.commands import shared

DESCRIPTION = """
Writes report.html into the run's folder: curves, alarms, the same prompts before and after, how it was made. A run writes it at
its end, too. The page needs no network and has no script.
"""
EXAMPLE = """
rewardlang runs report runs/maths
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `runs report`."""
    parser.add_argument("run", metavar="RUN", type=Path, help="the 'output' folder of a run")


def run(arguments: argparse.Namespace) -> int:
    """Writes it and tells where it is."""
    from rewardlang.trainer.run_report import write_report

    path = write_report(arguments.run)
    if arguments.json:
        shared.print_json({"report": str(path)})
    else:
        print(path)
    return 0
