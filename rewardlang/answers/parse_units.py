r"""Where a unit begins in the tokens of an answer: `10 km`, `3\text{ square meters}`, `9.8 \frac{m}{s^2}`, `25 apples`."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise

from rewardlang.answers.algebra import number
from rewardlang.answers.kinds import Expression
from rewardlang.answers.named_functions import FUNCTIONS
from rewardlang.answers.physical_units import CHINESE_UNITS, unit_of_words
from rewardlang.answers.tokens import Token, joined
from rewardlang.answers.unit_letters import are_names, unit_text
from rewardlang.answers.units import is_unit

_IN_UNITS = ("/", "°", "^", "{", "}", "2", "3", "*", "$", "€", "£", "¥", "-1", "-2")
_NO_THINGS = re.compile(
    "and|or|to|by|of|over|mod|is|are|not|plus|minus|if|for|than|less|more|least|most|about|per|pi|sqrt|log|where|with|choose|each|the|"
    "from|but|maybe|then|equals|root|factorial|squared|cubed|halves|half|quarters?|thirds?|[a-z]+ths?|tens|below|above|zero|negative|"
    "positive|infinity|double|triple|power|base|reciprocal|inverse|hundreds?|thousands?|millions?|billions?|dozens?|pairs?"
)
CHINESE_COUNTERS = frozenset("个人只本次种条张件岁颗棵块支名位辆道页组份")
"""What Chinese puts behind the number of things."""
_ADJECTIVES = ("old", "long", "tall", "high", "wide", "deep", "thick", "apart", "away", "left", "remaining", "more", "altogether")
"""What can stand behind the unit of a number, and says nothing of its value: `40 years old`."""
_SYMBOLS_ALONE = "NJWVAKC"
MAX_OF = 5
MAX_UNIT = 30
"""Tokens of a unit."""

_NO_PLURAL_NEEDED = (
    "men", "women", "people", "children", "mice", "feet", "fish", "sheep", "teeth", "geese", "deer", "dice", "bacteria", "yuan", "yen",
    "rupees", "apple", "times",
)  # fmt: skip


def without_whole(tokens: list[Token]) -> list[Token]:
    """`5/6 of the pie`, `300 mL of water` without what it is a part of, or made of; `40 years old` without the adjective."""
    if len(tokens) > 2 and tokens[-1].text.lower() in _ADJECTIVES and tokens[-2].kind == "word" and tokens[0].kind in ("number", "sign"):
        tokens = tokens[:-1]
    part = next((at for at, token in enumerate(tokens) if token.text == "of"), 0)
    said = part > 0 and len(tokens) - part <= MAX_OF and all(token.kind == "word" for token in tokens[part:])
    return tokens[:part] if said else tokens


def unit_start(tokens: list[Token]) -> int:
    """Where a unit begins at the end of the tokens, or their number: upright or spaced words behind a number, or what is counted."""
    end = len(tokens)
    fraction = _fraction_start(tokens)
    if fraction < end:
        return fraction
    at = end
    while at > 1 and (tokens[at - 1].kind in ("word", "name") or tokens[at - 1].text in _IN_UNITS or _is_exponent(tokens, at - 1)):
        at -= 1
    for start in range(max(at, 1, end - MAX_UNIT), end):
        first = tokens[start]
        if first.kind not in ("word", "name") or not (first.spaced or first.upright or first.kind == "word" or not first.text.isascii()):
            continue
        rest = tokens[start:]
        written = unit_text(rest).replace("{", "").replace("}", "")
        if written in CHINESE_UNITS or written in CHINESE_COUNTERS:
            return start
        if are_names(tokens[:start], rest):
            continue
        if (
            is_unit(written)
            or (len(rest) == 1 and first.text in _SYMBOLS_ALONE and _is_scientific(tokens[:start]))
            or (first.upright and all(token.upright for token in rest if token.kind != "sign") and _known_upright(rest))
        ):
            return start
    return _things_start(tokens)


def _is_exponent(tokens: list[Token], at: int) -> bool:
    """Whether a sign or figure belongs to `^{-1}`."""
    texts = [token.text for token in tokens[max(0, at - 3) : at + 1]]
    return texts[-3:] == ["^", "{", "-"] or (texts[:-1] == ["^", "{", "-"] and texts[-1] in "123")


def compound(tokens: list[Token]) -> Expression | None:
    """`3 h 20 min`, `5 ft 6 in`: numbers with units of one dimension, each smaller than the one before; told in the first unit.

    `45° 30' 15"` is an angle, `5'10"` feet and inches.
    """
    marks = "".join(token.text for token in tokens[1::2])
    if len(tokens) in (4, 6) and marks in ("°'", "°'\"") and all(_is_part_of_sixty(token) for token in tokens[2::2]):
        parts = [Fraction(token.text) for token in tokens[::2] if token.kind == "number" and len(token.text) <= 12]
        if len(parts) == len(tokens) // 2:
            return Expression(number(sum((part / 60**at for at, part in enumerate(parts)), Fraction(0))), degree=True)
    if "'" in marks[:1] and (height := _feet_and_inches(tokens)) is not None:
        return height
    if (
        len(tokens) not in (4, 6)
        or any(token.kind != "number" for token in tokens[::2])
        or any(token.kind == "number" for token in tokens[1::2])
    ):
        return None
    units = [unit_of_words(token.text) for token in tokens[1::2]]
    known = [unit for unit in units if unit is not None]
    if len(known) < len(units) or len({unit.dimension for unit in known}) > 1:
        return None
    if any(small.size >= large.size for large, small in pairwise(known)) or any(len(token.text) > 12 for token in tokens):
        return None
    total = sum((Fraction(token.text) * unit.size for token, unit in zip(tokens[::2], known, strict=True)), Fraction(0))
    return Expression(number(total / known[0].size), unit=tokens[1].text)


def _feet_and_inches(tokens: list[Token]) -> Expression | None:
    """`5'10"`, `5' 10 1/2"`, also with the inches as two primes."""
    texts = [token.text for token in tokens]
    end = len(texts) - 1 if texts[-1] in ('"', "″", "”") else len(texts) - 2 if texts[-2:] == ["'", "'"] else 0
    inner = tokens[2:end]
    if tokens[0].kind != "number" or any(len(text) > 12 for text in texts):
        return None
    if len(inner) not in (1, 4) or any(token.kind != "number" for token in (inner[0], *inner[1::2])):
        return None
    inches = Fraction(inner[0].text)
    if len(inner) == 4:
        if inner[2].text != "/" or not Fraction(inner[3].text):
            return None
        inches += Fraction(inner[1].text) / Fraction(inner[3].text)
    return Expression(number(Fraction(tokens[0].text) + inches / 12), unit="ft") if inches < 12 else None


def _is_part_of_sixty(token: Token) -> bool:
    return token.kind == "number" and len(token.text) <= 12 and Fraction(token.text) < 60


def _known_upright(tokens: list[Token]) -> bool:
    words = all(token.kind == "word" and not _NO_THINGS.fullmatch(token.text.lower()) for token in tokens)
    return words or (len(tokens) == 1 and tokens[0].text in _SYMBOLS_ALONE)


def _is_scientific(tokens: list[Token]) -> bool:
    """Whether a number is written with a power of ten: a letter behind it is a unit."""
    texts = [token.text for token in tokens]
    return "^" in texts and texts[texts.index("^") - 1] == "10" and all(token.kind in ("number", "sign") for token in tokens)


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
    start = next((at for at, token in enumerate(tokens) if token.kind in ("word", "name")), end)
    things = tokens[start:]
    count = tokens[1:start] if tokens[0].text == "-" else tokens[:start]
    if not 1 <= len(things) <= 3 or not any(token.kind == "number" for token in count):
        return end
    if any(token.kind != "number" and token.text not in ("/", "\\frac", "{", "}", "*", "^") for token in count):
        return end
    counted = (
        [token.text for token in count] == ["1"] or len(count) > 1 or things[-1].text.endswith("s") or things[-1].text in _NO_PLURAL_NEEDED
    )
    if counted and all(_is_thing(token) for token in things) and things[0].text != "times":
        return start
    return end


def _is_thing(token: Token) -> bool:
    plain = token.kind == "word" and token.spaced and len(token.text) >= 3 and token.text.islower()
    return plain and not _NO_THINGS.fullmatch(token.text) and token.text not in FUNCTIONS
