"""Libraries that come with an extra: whether they are there, and the exact command that installs them."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable

from rewardlang.trainer.problem import TrainingProblem

TRAINING = ("torch", "transformers", "trl", "peft", "datasets", "accelerate")


def is_installed(library: str) -> bool:
    """True when `import library` would find a library; nothing is imported. A folder of that name, as W&B leaves one, is none."""
    spec = importlib.util.find_spec(library)
    return spec is not None and spec.origin is not None


def need(libraries: Iterable[str], extra: str, *, purpose: str) -> None:
    """Raises `TrainingProblem` with the command to install when one of the libraries is missing."""
    missing = [library for library in libraries if not is_installed(library)]
    if missing:
        names = missing[0] if len(missing) == 1 else f"{', '.join(missing[:-1])} and {missing[-1]}"
        raise TrainingProblem(
            f"{purpose} needs {names}, which {'is' if len(missing) == 1 else 'are'} not installed", f"pip install 'rewardlang[{extra}]'"
        )
