"""Times of day with their half: `3:30 PM`, `3 p.m.`; against bare ones the half is taken as not stated."""

from __future__ import annotations

from rewardlang.answers.algebra import number
from rewardlang.answers.kinds import Expression, Ratio, Time
from rewardlang.answers.tokens import Token
from rewardlang.verdict import Verdict, no, yes

_HALF_DAY = 12 * 3600


def time_of_day(tokens: list[Token]) -> Time | Ratio | None:
    """The time that the tokens are, or None; `3 o'clock` as `3:00`."""
    texts = [token.text for token in tokens]
    end = next((at for at, token in enumerate(tokens) if token.kind in ("word", "name")), 0)
    half = "".join(texts[end:]).lower().replace(".", "")
    full = half.startswith("o'clock")
    half = half.removeprefix("o'clock")
    figures = texts[:end]
    if (
        half not in (("am", "pm", "") if full else ("am", "pm"))
        or len(figures) not in (1, 3, 5)
        or any(text != ":" for text in figures[1::2])
    ):
        return None
    if any(not (text.isascii() and text.isdigit() and len(text) <= 2) for text in figures[::2]):
        return None
    hour, minute, second = (*map(int, figures[::2]), 0, 0)[:3]
    if not 1 <= hour <= 12 or minute > 59 or second > 59 or any(len(text) != 2 for text in figures[2::2]):
        return None
    if not half:
        return Ratio((number(hour), number(minute)), f"{hour:02}:{minute:02}")
    return Time((hour % 12 + 12 * (half == "pm")) * 3600 + minute * 60 + second)


def same_time(one: Time, other: Time | Ratio | Expression) -> Verdict | None:
    """The verdict on a time and something that can be one; None for what cannot."""
    if isinstance(other, Time):
        return yes("the same time") if one.seconds == other.seconds else no("different times")
    if isinstance(other, Ratio):
        if not other.clock:
            return None
        seconds = sum(int(part) * size for part, size in zip(other.clock.split(":"), (3600, 60, 1), strict=False))
        return _without_half(one, seconds)
    value = other.value.rational
    if value is None or value.denominator != 1 or other.unit or other.percent or other.degree or not 1 <= value <= 12:
        return None
    return _without_half(one, int(value) * 3600)


def _without_half(one: Time, seconds: int) -> Verdict:
    if one.seconds == seconds:
        return yes("the same time by 24 hours")
    if 3600 <= seconds < 3600 + _HALF_DAY and (one.seconds - seconds) % _HALF_DAY == 0:
        return yes("the same time; half of the day not stated")
    return no("different times")
