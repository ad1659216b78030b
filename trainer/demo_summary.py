"""The figures of a demonstration as plain data: `summary.json`."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

import rewardlang
from rewardlang.trainer.demo import CARELESS, HONEST, HOW_DRAWN, DemoResult, DemoRun
from rewardlang.trainer.evaluate import Evaluation
from rewardlang.trainer.side_by_side import cores

_LIBRARIES = ("torch", "transformers", "trl", "peft")


def summary(result: DemoResult, lint: list[str]) -> dict[str, Any]:
    """`lint` is what `check` said about the careless file, one text a finding."""
    honest = result.honest
    return {
        "accuracy_before": honest.accuracy_before,
        "accuracy_after": honest.accuracy_after,
        "reward_before": honest.before.score,
        "reward_after": honest.after.score,
        "steps": honest.result.steps,
        "seconds": round(result.seconds, 1),
        "reward_file": HONEST,
        "fingerprint": honest.result.fingerprint,
        "seed": result.seed,
        "how_answers_are_drawn": HOW_DRAWN,
        "held_out_problems": len(result.problems),
        "completions": honest.result.config.training.completions * honest.result.steps,
        "warm_up_steps": result.plan.warm_up.steps,
        "warm_up_seconds": round(result.warm_up_seconds, 1),
        "careless": {
            "reward_file": CARELESS,
            "fingerprint": result.careless.result.fingerprint,
            "check": lint,
            **_figures(result.careless),
        },
        "versions": {
            "rewardlang": rewardlang.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
        "machine": f"{platform.machine()}, {cores()} cores",
    }


def _figures(run: DemoRun) -> dict[str, Any]:
    return {
        "accuracy_before": run.accuracy_before,
        "accuracy_after": run.accuracy_after,
        "reward_before": run.before.score,
        "reward_after": run.after.score,
        "two_candidates_before": _two_candidates(run.before),
        "two_candidates_after": _two_candidates(run.after),
        "untagged_before": _untagged(run.before),
        "untagged_after": _untagged(run.after),
        "steps": run.result.steps,
    }


def _two_candidates(evaluation: Evaluation) -> float:
    """The share of answers that name two candidates, `9.11 or 9.9`: no question of the recipe is answered so."""
    return sum(" or " in completion for completion in evaluation.completions) / len(evaluation.completions)


def _untagged(evaluation: Evaluation) -> float:
    """The share of answers without a pair of answer tags."""
    return sum("</answer>" not in completion for completion in evaluation.completions) / len(evaluation.completions)
