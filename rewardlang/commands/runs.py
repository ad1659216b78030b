"""`rewardlang runs`: what a training run came to, and what is done with it afterwards. Each action is a module of its own."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Any

from rewardlang.samples.problem import UsageError
from rewardlang.terminal_text import terminal_width, wrap

DESCRIPTION = """
What a training run came to, and what is done with it afterwards. RUN is a run's 'output' folder; show, compare and report also read a run
that goes on, or was killed.
"""
EXAMPLE = """
rewardlang runs show runs/maths
rewardlang runs compare runs/maths runs/maths-dapo
rewardlang runs report runs/maths
rewardlang runs eval runs/maths -n 8
rewardlang runs card runs/maths
rewardlang runs export runs/maths --to merged --out maths-1.5b
"""
# Action, its module, and what it does in a line.
_ACTIONS = (
    ("show", "runs_show", "figures, alarms, the best and the worst completions of one run"),
    ("compare", "runs_compare", "several runs side by side, and what differs in their configurations"),
    ("eval", "runs_eval", "pass@k on held-out rows with intervals, one policy against another"),
    ("card", "runs_card", "write the model card of a trained policy"),
    ("export", "runs_export", "a trained policy as adapter, as merged weights or as GGUF, with its card"),
    ("report", "runs_report", "write the page of a run: curves, prompts before and after, how it was made"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One parser an action, with its own help and example."""
    actions = parser.add_subparsers(dest="what", metavar="ACTION", required=True, title="actions")
    for name, module, summary in _ACTIONS:
        action: Any = import_module(f"rewardlang.commands.{module}")
        inner = actions.add_parser(
            name,
            help=summary,
            description="\n".join(wrap(" ".join(action.DESCRIPTION.split()), terminal_width())),
            epilog="example:\n" + "".join(f"  {line}\n" for line in action.EXAMPLE.strip().splitlines()),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        action.add_arguments(inner)
        inner.add_argument("--json", action="store_true", help="the same as one JSON object")
    parser.epilog = f"{parser.epilog}\n\nevery action takes --json and --help"


def run(arguments: argparse.Namespace) -> int:
    """Does what the action does. What the user can repair is wrong use."""
    from rewardlang.trainer.problem import TrainingProblem

    module = next(module for name, module, _ in _ACTIONS if name == arguments.what)
    try:
        code: int = import_module(f"rewardlang.commands.{module}").run(arguments)
    except TrainingProblem as problem:
        raise UsageError(str(problem)) from None
    return code
