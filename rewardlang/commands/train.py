"""`rewardlang train`: trains a policy with a reward file, as a TOML file says."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from rewardlang.commands import shared
from rewardlang.samples.problem import UsageError

if TYPE_CHECKING:
    from rewardlang.trainer.metrics import MetricsRow
    from rewardlang.trainer.training import RunResult

DESCRIPTION = """
Trains a policy by GRPO (TRL) with a LoRA adapter; the reward is a .reward file. Checkpoints, metrics (metrics.jsonl,
TensorBoard where it is installed) and the trained adapter go to the configuration's 'output'. Ctrl-C saves a
checkpoint after the step and stops; --resume goes on from the last one. Works on a CPU; uses a GPU that torch sees.
"""
EXAMPLE = """
rewardlang train --keys > run.toml     every key, its default and its meaning
rewardlang train --keys --preset qwen2.5-1.5b-8gb > run.toml
rewardlang train --explain-config training
rewardlang train run.toml --preset try     four short steps, whatever the file says
rewardlang train run.toml --set training.steps=20
rewardlang train run.toml --plan --card 24GB     GPU memory by part, and whether the card will do; needs no GPU
rewardlang train run.toml --resume
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `train`."""
    parser.add_argument("config", metavar="CONFIG.toml", nargs="?", help="the run")
    parser.add_argument("--resume", action="store_true", help="go on from the last whole checkpoint of the run")
    parser.add_argument(
        "--keys",
        action="store_true",
        help="print a configuration with every key, its default and its meaning; with --preset, that preset's",
    )
    parser.add_argument(
        "--explain-config", metavar="KEY", nargs="?", const="", help="print every key, or those that begin with KEY: type, default, meaning"
    )
    parser.add_argument("--preset", metavar="NAME", help="lay a preset over the file, such as 'try'; --explain-config preset lists them")
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="use another value than the file, such as training.steps=20; repeatable",
    )
    parser.add_argument(
        "--plan", action="store_true", help="print what the run takes of a GPU's memory on the 'memory' or 'speed' backend, and stop"
    )
    parser.add_argument(
        "--card", metavar="NAME", help="with --plan: a card such as RTX4090 or a size such as 24GB; the one at hand by default"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object at the end: output, steps, seconds, stopped, before, after")


def run(arguments: argparse.Namespace) -> int:
    """Runs, and tells what came of it. A run that was stopped with Ctrl-C is no failure."""
    from rewardlang.errors import RewardError
    from rewardlang.trainer.problem import TrainingProblem

    if arguments.keys:
        return _keys(arguments.preset)
    if arguments.explain_config is not None:
        return _explain(arguments.explain_config)
    if arguments.config is None:
        raise UsageError("name a configuration; rewardlang train --keys > run.toml writes one to begin with")
    if arguments.card is not None and not arguments.plan:
        raise UsageError("--card goes with --plan")
    changes = [*arguments.set, *([] if arguments.preset is None else [f"preset={arguments.preset}"])]
    try:
        if arguments.plan:
            return _plan(arguments.config, changes, arguments.card, as_json=arguments.json)
        result = _train(arguments.config, changes, resume=arguments.resume)
    except TrainingProblem as problem:
        raise UsageError(str(problem)) from None
    except RewardError as error:
        print(error, file=sys.stderr)
        print(f"\n{shared.counted(len(error.diagnostics), 'error')} in the reward file; nothing was trained", file=sys.stderr)
        return 1
    if os.environ.get("RANK", "0") != "0":
        return 0  # the first of several processes tells
    if arguments.json:
        shared.print_json(_json(result))
    else:
        print("\n".join(_lines(result)))
    return 0


def _keys(preset: str | None) -> int:
    from rewardlang.trainer.config_text import all_keys
    from rewardlang.trainer.problem import TrainingProblem

    try:
        print(all_keys(preset), end="")
    except TrainingProblem as problem:
        raise UsageError(str(problem)) from None
    return 0


def _explain(prefix: str) -> int:
    from rewardlang.trainer.config_text import explained
    from rewardlang.trainer.problem import TrainingProblem

    try:
        print(explained(prefix), end="")
    except TrainingProblem as problem:
        raise UsageError(str(problem)) from None
    return 0


def _plan(config_path: str, changes: list[str], card_name: str | None, *, as_json: bool) -> int:
    """Prints the plan. A card that is too small is a finding."""
    from rewardlang.trainer.config_from_toml import read_config
    from rewardlang.trainer.gpu_cards import card_at_hand, card_named
    from rewardlang.trainer.progress_display import progress_for
    from rewardlang.trainer.training import plan_of

    try:
        card = card_at_hand() if card_name is None else card_named(card_name)
    except ValueError as error:
        raise UsageError(str(error)) from None
    progress = progress_for()
    config = read_config(config_path, changes, progress.say)
    plan = plan_of(config, card, progress)
    if config.engine.backend == "transformers":
        told = "engine.backend is 'transformers', which has no plan; this is what the run would take with 'memory'"
        print(told, file=sys.stderr)
    if as_json:
        shared.print_json(plan.to_json())
    else:
        print(plan.table())
    return 1 if plan.fits is False else 0


def _train(config_path: str, changes: list[str], *, resume: bool) -> RunResult:
    from rewardlang.trainer.config_from_toml import read_config
    from rewardlang.trainer.progress_display import progress_for
    from rewardlang.trainer.training import train

    progress = progress_for(run=True)
    first = os.environ.get("RANK", "0") == "0"  # the first of several processes tells
    return train(read_config(config_path, changes, progress.say if first else lambda text: None), progress, resume=resume)


def _lines(result: RunResult) -> list[str]:
    """What a person wants to know at the end."""
    output = result.config.output
    if result.stopped:
        lines = [f"stopped after step {result.steps} of {result.config.training.steps}; go on with --resume"]
    else:
        lines = [f"trained {shared.counted(result.steps, 'step')} in {result.seconds:.0f} s: {result.policy}"]
    measured = [row for row in result.rows if row["kind"] == "held out"]  # those before a resume, too
    if len(measured) > 1:
        first, last = measured[0], measured[-1]
        until = f"after step {last['step']}" if result.stopped else "after"
        lines.append(f"held-out score    {first['score']:.3f} before, {last['score']:.3f} {until}")
        if first["accuracy"] is not None and last["accuracy"] is not None:
            lines.append(f"held-out accuracy {_accuracy(first)} before, {_accuracy(last)} {until}; in brackets 95% intervals")
    rang = [f"{row['alarm']} (step {row['step']})" for row in result.rows if row["kind"] == "alarm"]
    if rang:
        lines.append(f"ALARMS: {', '.join(rang)}; rewardlang runs show {output} tells more")
    lines.append(f"report: {output}/report.html; metrics: {output}/metrics.jsonl")
    if result.warnings:
        lines.append(f"{shared.counted(result.warnings, 'warning')} of the libraries: {output}/warnings.log")
    return lines


def _accuracy(row: MetricsRow) -> str:
    """With Wilson's interval: one answer a prompt."""
    from rewardlang.trainer.run_summary import accuracy_interval

    low, high = accuracy_interval(row) or (0.0, 1.0)
    return f"{row['accuracy']:.1%} ({100 * low:.1f}–{100 * high:.1f})"


def _json(result: RunResult) -> dict[str, Any]:
    return {
        "output": result.config.output,
        "policy": None if result.stopped else str(result.policy),
        "reward_file": result.config.reward,
        "fingerprint": result.fingerprint,
        "steps": result.steps,
        "seconds": round(result.seconds, 1),
        "stopped": result.stopped,
        "before": None if result.before is None else result.before.to_json(),
        "after": None if result.after is None else result.after.to_json(),
        "warnings": result.warnings,
    }
