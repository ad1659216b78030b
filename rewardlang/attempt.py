"""The one place that catches everything: what is not ours is called here, and what it raises ends here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Raised:
    """What stands for the result of a call that raised."""

    __slots__ = ("error",)

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __str__(self) -> str:
        return f"{type(self.error).__name__}: {self.error}"


def attempt(function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Any:
    """What the function returns, or `Raised`."""
    try:
        return function(*arguments, **options)
    except Exception as error:  # noqa: BLE001 - the one place that catches everything: a foreign bug costs a verdict or a row, not the run
        return Raised(error)
