"""Rewards that experts write, and that can be trusted: a language for marking schemes, checked before anything is trained.

    import rewardlang

    reward = rewardlang.load("maths.reward")
    scores = reward.score(completions, columns={"answer": answers})
    print(scores.explain(0))

Names are loaded when they are first used, so that importing costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rewardlang.errors import DataError, Diagnostic, RewardError
    from rewardlang.marking.guard import VerifierBreakdown
    from rewardlang.reward import Reward, load, loads
    from rewardlang.scores import Scores
    from rewardlang.submission import Submission

__version__ = "0.1.0.dev0"

_HOME = {
    "DataError": "rewardlang.errors",
    "Diagnostic": "rewardlang.errors",
    "Reward": "rewardlang.reward",
    "RewardError": "rewardlang.errors",
    "Scores": "rewardlang.scores",
    "Submission": "rewardlang.submission",
    "VerifierBreakdown": "rewardlang.marking.guard",
    "load": "rewardlang.reward",
    "loads": "rewardlang.reward",
}

__all__ = ["DataError", "Diagnostic", "Reward", "RewardError", "Scores", "Submission", "VerifierBreakdown", "load", "loads"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'rewardlang' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
