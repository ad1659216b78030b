"""Numbers in English words: `twenty-one`, `three and a half`, `two thirds`, `minus five`, `the third`.

    number   = [ "minus" | "negative" ] ( whole [ "and" part ] | part | whole "point" figure { figure } )
    whole    = below a million, each scale once and falling: `two thousand five hundred and one`
    part     = ( "a" | "one" | … | "nineteen" ) ( "half" | "third" | "quarters" | … )

Alone, `third` and `3rd` are places; `one third` and `a third` are fractions.
"""

from __future__ import annotations

from fractions import Fraction

from rewardlang.answers.tokens import Token

_SMALL_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_PLACE_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    "seventeenth eighteenth nineteenth twentieth"
)
_TENS_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: value for value, word in enumerate(_SMALL_WORDS.split())}
_TENS = {word: 10 * value for value, word in enumerate(_TENS_WORDS.split(), 2)}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PLACES = {word: value for value, word in enumerate(_PLACE_WORDS.split(), 1)}
_PARTS = {word: value for word, value in _PLACES.items() if value > 2} | {"half": 2, "quarter": 4, "hundredth": 100, "thousandth": 1000}
_PARTS |= {f"{word}s": value for word, value in _PARTS.items()} | {"halves": 2}
_SIGNS = ("minus", "negative")
_ONE = ("a", "an")
_BEGINNING = frozenset({*_SMALL, *_TENS, *_SIGNS, *_ONE, "half", "hundred", "thousand", "million", "billion", "dozen"})
MAX_WORDS = 24


class _NotANumberError(ValueError):
    """The words are no number."""


def number_at_start(tokens: list[Token]) -> tuple[Fraction, int] | None:
    """The number that the first tokens say in words, and how many they are: as many as make one. None where they say none."""
    if tokens[0].text.lower() not in _BEGINNING:
        return None
    words: list[str] = []
    ends: list[int] = []
    for at, token in enumerate(tokens[: 2 * MAX_WORDS]):
        if token.kind in ("word", "name"):
            words.append(token.text.lower())
            ends.append(at + 1)
        elif token.text != "-" or token.spaced or not words:
            break
    for length in range(min(len(words), MAX_WORDS), 0, -1):
        value = number_of_words(words[:length])
        if value is not None:
            return value, ends[length - 1]
    return None


def measured_in_words(words: list[str]) -> tuple[Fraction, str] | None:
    """The number and its unit where a part stands apart from it: `an hour and a half`, `half an hour`, `a quarter of a mile`."""
    if len(words) > 3 and words[-3:-1] == ["and", "a"] and words[-1] in ("half", "quarter"):
        value = Fraction(1) if words[:-4] in (["a"], ["an"]) else number_of_words(words[:-4])
        return None if value is None or value.denominator != 1 else (value + Fraction(1, _PARTS[words[-1]]), words[-4])
    if len(words) < 3 or words[-2] not in _ONE:
        return None
    value = number_of_words(words[:-3]) if words[-3] == "of" else Fraction(1, 2) if words[:-2] == ["half"] else None
    return None if value is None or value >= 1 else (value, words[-1])


def number_of_words(words: list[str]) -> Fraction | None:
    """The number that words say, all of them; None where they say none. `a` alone is none."""
    if words[:1] and words[0] in _SIGNS:
        value = number_of_words(words[1:]) if words[1:2] != words[:1] else None
        return None if value is None else -value
    try:
        return _value(words)
    except _NotANumberError:
        return None


def _value(words: list[str]) -> Fraction:
    part = _part(words)
    if part is not None:
        return part
    if "point" in words:
        at = words.index("point")
        figures = [str(_SMALL.get(word, 10)) for word in words[at + 1 :]]
        if not figures or any(len(figure) > 1 for figure in figures):
            raise _NotANumberError
        return Fraction(f"{_whole(words[:at])}.{''.join(figures)}")
    for at in range(len(words) - 1, 0, -1):
        if words[at] == "and" and (part := _part(words[at + 1 :])) is not None and part < 1:
            return _whole(words[:at]) + part
    return Fraction(_whole(words))


def _part(words: list[str]) -> Fraction | None:
    """`two thirds`, `a half`, `one-half`, `half`."""
    if words in (["half"], ["one", "and", "a", "half"]):
        return Fraction(1, 2) if len(words) == 1 else Fraction(3, 2)
    if len(words) != 2 or words[1] not in _PARTS:
        return None
    above = 1 if words[0] in _ONE else _SMALL.get(words[0], 0)
    return Fraction(above, _PARTS[words[1]]) if above else None


def _whole(words: list[str]) -> int:
    """`two thousand five hundred and one`; `a hundred`, but `a` alone is no number."""
    if len(words) == 2 and words[0] in (*_ONE, *_SMALL) and words[1] == "dozen":
        return 12 * (1 if words[0] in _ONE else _SMALL[words[0]])
    total, last = 0, 10**15
    rest = list(words)
    while rest:
        at = next((index for index, word in enumerate(rest) if word in _SCALES), None)
        if at is None:
            return total + _below_thousand(rest, after=total > 0)
        scale = _SCALES[rest[at]]
        if scale >= last or not at:
            raise _NotANumberError
        total += scale * (1 if rest[:at] in (["a"], ["an"]) else _below_thousand(rest[:at], after=False))
        last, rest = scale, rest[at + 1 :]
    if not total:
        raise _NotANumberError
    return total


def _below_thousand(words: list[str], *, after: bool) -> int:
    """`five hundred and twenty-one`; `after`: more stands before, so that it may begin with "and"."""
    if after and words[:1] == ["and"]:
        words = words[1:]
    hundreds = 0
    if len(words) > 1 and words[1] == "hundred":
        hundreds = 1 if words[0] in _ONE else _SMALL.get(words[0], 0)
        if not hundreds:
            raise _NotANumberError
        words = words[2:]
        if words[:1] == ["and"]:
            words = words[1:]
            if not words:
                raise _NotANumberError
        if not words:
            return 100 * hundreds
    if len(words) == 1 and words[0] in _SMALL:
        return 100 * hundreds + _SMALL[words[0]]
    if words[:1] and words[0] in _TENS and len(words) <= 2:
        unit = _SMALL.get(words[1], 0) if len(words) == 2 else 0
        if len(words) == 1 or 1 <= unit <= 9:
            return 100 * hundreds + _TENS[words[0]] + unit
    raise _NotANumberError


def place_of(tokens: list[Token]) -> int | None:
    """The place that the tokens say: `third`, `the third`, `3rd`, `3^{rd}`, `21st`. None for anything else."""
    texts = [token.text.lower() for token in tokens if token.text not in "{}^"]
    if texts[:1] == ["the"]:
        texts = texts[1:]
    if len(texts) == 1:
        return _PLACES.get(texts[0])
    if texts[:1] and texts[0] in _TENS and texts[-1] in _PLACES and _PLACES[texts[-1]] < 10 and texts[1:-1] in ([], ["-"]):
        return _TENS[texts[0]] + _PLACES[texts[-1]]
    if len(texts) != 2 or not (texts[0].isascii() and texts[0].isdigit()) or len(texts[0]) > 9:
        return None
    value = int(texts[0])
    ending = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return value if texts[1] == ending else None
