"""Figures in words, as the terminal and the page write them."""

from __future__ import annotations

from rewardlang.explaining.words import number

_PLACES = 9


def short(value: float) -> str:
    """A statistic to four digits; scores and points elsewhere are exact."""
    return number(float(f"{value:.4g}"))


def score(value: float) -> str:
    """A score or points among statistics, without what the sum of doubles leaves behind the ninth place."""
    return number(round(value, _PLACES))


def share(part: int, whole: int) -> str:
    """`6 of 10 (60 %)`."""
    return f"{part:,} of {whole:,} ({percent(part / whole)})" if whole else "0 of 0"


def percent(value: float) -> str:
    """`60 %`, and never `-0 %`."""
    return f"{value:.0%}".replace("%", " %").replace("-0 %", "0 %") if abs(value) < 0.005 else f"{value:.0%}".replace("%", " %")
