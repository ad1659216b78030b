"""Numbers as arguments of `rewardlang runs`: what is none, or out of range, is told with what is wanted."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable

_WHOLE = re.compile(r"-?[0-9]{1,18}")


def whole(low: int | None = None, high: int | None = None) -> Callable[[str], int]:
    """The type of an argument that is a whole number within bounds."""
    bounds = "" if low is None else f" from {low:,}" if high is None else f" from {low:,} to {high:,}"

    def read(text: str) -> int:
        value = int(text) if _WHOLE.fullmatch(text) else None
        if value is None or (low is not None and value < low) or (high is not None and value > high):
            raise argparse.ArgumentTypeError(f"a whole number{bounds} is wanted, found '{text}'")
        return value

    return read


def whole_numbers(text: str) -> tuple[int, ...]:
    """Several from 1, with commas between them; each counts once."""
    parts = [part.strip() for part in text.split(",")]
    if not all(_WHOLE.fullmatch(part) and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f"whole numbers from 1 with commas are wanted, such as 1,4,16; found '{text}'")
    return tuple(dict.fromkeys(map(int, parts)))


def temperature(text: str) -> float:
    """A number from 0; 0 takes the most likely token."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError(f"a number from 0 is wanted, such as 0.7 (0 takes the most likely token), found '{text}'")
    return value
