"""The figures of a demonstration as plain data: `summary.json`."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import Any

import rewardlang
from rewardlang.trainer.demo import CARELESS, HONEST, HOW_DRAWN, DemoResult, DemoRun

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
        "machine": f"{platform.machine()}, {_cores()} cores",
    }


def _figures(run: DemoRun) -> dict[str, Any]:
    return {
        "accuracy_before": run.accuracy_before,
        "accuracy_after": run.accuracy_after,
        "reward_before": run.before.score,
        "reward_after": run.after.score,
        "steps": run.result.steps,
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
