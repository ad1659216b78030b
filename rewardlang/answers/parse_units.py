r"""Where a unit begins in the tokens of an answer: `10 km`, `3\text{ square meters}`, `9.8 \frac{m}{s^2}`, `25 apples`."""

from __future__ import annotations

import re

from rewardlang.answers.functions import FUNCTIONS
from rewardlang.answers.tokens import Token, joined
from rewardlang.answers.units import is_unit

_IN_UNITS = ("/", "°", "^", "{", "}", "2", "3", "*", "$", "€", "£", "¥", "-1", "-2")
_NO_THINGS = re.compile(
    "and|or|to|by|of|over|mod|is|are|not|plus|minus|times|if|for|than|less|more|least|most|about|per|pi|sqrt|log|where|with|choose|each|the|"
    "from|but|maybe|then|equals|root"
)


def unit_start(tokens: list[Token]) -> int:
    """Where a unit begins at the end of the tokens, or their number: upright or spaced words behind a number, or what is counted."""
    end = len(tokens)
    fraction = _fraction_start(tokens)
    if fraction < end:
        return fraction
    at = end
    while at > 1 and (tokens[at - 1].kind in ("word", "name") or tokens[at - 1].text in _IN_UNITS):
        at -= 1
    for start in range(max(at, 1), end):
        first = tokens[start]
        if first.kind not in ("word", "name") or not (first.spaced or first.upright or first.kind == "word"):
            continue
        rest = tokens[start:]
        written = joined(rest).replace("{", "").replace("}", "")
        if is_unit(written) or (first.upright and all(token.upright for token in rest if token.kind != "sign") and _known_upright(rest)):
            return start
    return _things_start(tokens)


def _known_upright(tokens: list[Token]) -> bool:
    words = all(token.kind == "word" for token in tokens)
    return words or (len(tokens) == 1 and tokens[0].text in "NJWVAKC")


def _fraction_start(tokens: list[Token]) -> int:
    r"""Where a `\frac{m}{s^2}` of units begins at the end."""
    end = len(tokens)
    start = next((at for at in range(end - 1, 0, -1) if tokens[at].text == "\\frac"), end)
    inner = tokens[start + 1 :]
    if (
        start == end
        or tokens[start - 1].kind != "number"
        or any(token.kind == "number" and token.text not in ("2", "3") for token in inner)
    ):
        return end
    parts = joined(inner).strip("{}").split("}{")
    return start if len(parts) == 2 and all(is_unit(part.replace("{", "").replace("}", "")) for part in parts) else end


def _things_start(tokens: list[Token]) -> int:
    """Where the things begin that one plain number counts: `25 apples`, `3 red balls`."""
    end = len(tokens)
    start = 2 if tokens[0].text == "-" else 1
    things = tokens[start:]
    if not 1 <= len(things) <= 3 or tokens[start - 1].kind != "number":
        return end
    if all(token.kind == "word" and token.spaced and len(token.text) >= 3 and token.text.islower() for token in things) and not any(
        _NO_THINGS.fullmatch(token.text) or token.text in FUNCTIONS for token in things
    ):
        return start
    return end
