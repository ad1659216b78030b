r"""Lists with `…` between whole numbers in equal steps, written out: `\{1, 2, \ldots, 10\}`."""

from __future__ import annotations

from rewardlang.answers.tokens import Token

MAX_ITEMS = 40
_GOING_ON = ("…",)


def written_out(parts: list[list[Token]]) -> list[list[Token]]:
    """The parts with the numbers that `…` stands for; as they are where it is not clear which."""
    gaps = [at for at, part in enumerate(parts) if len(part) == 1 and part[0].text in _GOING_ON]
    if len(gaps) != 1:
        return parts
    before, after = ([_whole(part) for part in side] for side in (parts[: gaps[0]], parts[gaps[0] + 1 :]))
    known = [value for value in (*before, *after) if value is not None]
    if len(known) < len(before) + len(after) or len(before) < 2 or not after:
        return parts
    first, step, last = known[0], known[1] - known[0], known[-1]
    if not step or (last - first) % step or not 0 < (last - first) // step < MAX_ITEMS:
        return parts
    values = list(range(first, last + (1 if step > 0 else -1), step))
    if known[: len(before)] != values[: len(before)] or known[len(before) :] != values[-len(after) :]:
        return parts
    return [_tokens(value) for value in values]


def _whole(part: list[Token]) -> int | None:
    negative = len(part) == 2 and part[0].text == "-"
    figures = part[-1].text if len(part) == 1 + negative else ""
    if not (figures.isascii() and figures.isdigit() and len(figures) <= 9):
        return None
    return -int(figures) if negative else int(figures)


def _tokens(value: int) -> list[Token]:
    figures = Token("number", str(abs(value)))
    return [figures] if value >= 0 else [Token("sign", "-"), figures]
