"""Figures of runs in words, the same in every action of `rewardlang runs`."""

from __future__ import annotations

from typing import Any

from rewardlang.terminal_text import safe

ARROW = " → "
_LABELS = {
    "success": "right, in training",
    "tokens": "tokens a completion",
    "flat_groups": "groups without spread",
    "kl": "KL",
}
_BEFORE = {"finished": "finished", "stopped": "been stopped", "failed": "failed", "killed": "been killed"}
_SHARES = ("success", "cut_off", "flat_groups", "fired", "spread")


def state(found: dict[str, Any]) -> str:
    """How a run ended, in a few words: `finished`, `failed`, …; of an older run, what its folder lets one see."""
    ending = found["ending"]
    if ending is None:
        return "finished" if found["finished"] else "not finished"
    return f"going on as {ending['cause']}" if ending["how"] == "going on" else str(ending["how"])


def why(found: dict[str, Any]) -> list[str]:
    """Cause and remedy of an end that was not the end; nothing for a run that finished."""
    ending = found["ending"]
    if ending is None or ending["how"] == "going on":
        return []
    told = (("why", ending["cause"]), ("what to do", ending["remedy"]))
    return [f"{title}: {safe(' '.join(text.split()))}" for title, text in told if text]


def resumed(entry: dict[str, Any]) -> str:
    """Where a run went on, how it had ended before, and what was changed."""
    ended = entry.get("ended")
    before = "" if ended is None else f" after it had {_BEFORE.get(ended['how'], 'ended')}"
    cause = f" ({ended['cause']})" if ended is not None and ended["how"] == "failed" else ""
    return f"resumed at step {entry['step']}{before}{cause}" + (f"; changed: {', '.join(entry['changed'])}" if entry["changed"] else "")


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
