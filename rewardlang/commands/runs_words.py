"""Figures of runs in words, the same in every action of `rewardlang runs`."""

from __future__ import annotations

from typing import Any

ARROW = " → "
_LABELS = {
    "success": "right, in training",
    "tokens": "tokens a completion",
    "flat_groups": "groups without spread",
    "kl": "KL",
}
_SHARES = ("success", "cut_off", "flat_groups", "fired", "spread")


def label(name: str) -> str:
    """A figure of training as the screens call it."""
    return _LABELS.get(name, name.replace("_", " "))


def ends(value: dict[str, float] | None, name: str) -> str:
    """`0.58 → 1.9`: the first rows of metrics and the last; one figure where there is one row."""
    if value is None:
        return "–"
    shown = [percent(value[end]) if name in _SHARES else f"{value[end]:.3g}" for end in ("first", "last") if end in value]
    return ARROW.join(shown)


def percent(value: float | None) -> str:
    """`27.3%`."""
    return "–" if value is None else f"{value:.1%}"


def accuracy(row: dict[str, Any]) -> str:
    """`27.3% (20.3–35.6)`: a measurement with its interval."""
    if row.get("accuracy") is None:
        return "–"
    low, high = row["interval"]
    return f"{percent(row['accuracy'])} ({100 * low:.1f}–{100 * high:.1f})"
