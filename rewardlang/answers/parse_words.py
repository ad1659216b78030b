"""Answers in words: numbers, "no solution", "all real numbers", "odd"."""

from __future__ import annotations

from fractions import Fraction

from rewardlang.answers.algebra import number, symbol
from rewardlang.answers.kinds import Expression, SetOf, Value, Words
from rewardlang.answers.named_functions import FUNCTIONS
from rewardlang.answers.number_words import measured_in_words, number_at_start, place_of
from rewardlang.answers.options import LETTERS
from rewardlang.answers.parse_brackets import Reader
from rewardlang.answers.parse_units import without_whole
from rewardlang.answers.real_sets import INFINITY, REALS, as_value
from rewardlang.answers.tokens import Token, any_of

_NOTHING = frozenset({"none", "empty set", "the empty set", "does not exist", "dne", "none exist", "null set"})
_LEADING = ("there", "is", "are", "exists", "exist", "has", "have", "the", "equation", "it")
_DESCRIBED = ("real", "such", "integer", "positive", "valid", "possible", "complex", "rational", "whole", "natural", "of", "x", "n", "k")
_MISSING_WORDS = "solution solutions root roots value values number numbers integer integers answer answers zero zeros x n k"
_MISSING = frozenset(_MISSING_WORDS.split())
_ALL_REALS = frozenset({"all real numbers", "any real number", "all reals", "all real values", "the real numbers", "every real number"})
_ALL_REALS |= {"all real x", "all real number"}
_WITHOUT_END = frozenset({"infinitely many", "infinitely many solutions", "infinite solutions", "an infinite number", "infinite number"})
_WITHOUT_END |= {"an infinite number of solutions", "infinite number of solutions", "there are infinitely many solutions"}

_SUBJECTS = ("the series ", "the limit ", "the integral ", "the sequence ", "the sum ", "it ")
_VERBS = ("diverges", "converges", "does not exist")
_INFINITE = ("infinity", "positive infinity", "plus infinity", "negative infinity", "minus infinity")
MAX_COUNTED = 12
"""Tokens of what a number in words counts."""


def _chance(tokens: list[Token]) -> Expression | None:
    """`1 in 6`, `3 out of 8`, also as a chance."""
    texts = [token.text for token in tokens if token.text not in ("a", "chance", "chances")]
    length = 3 if texts[1:2] == ["in"] else 4
    if len(texts) != length or texts[1:-1] not in (["in"], ["out", "of"]) or not all(_is_short(text) for text in (texts[0], texts[-1])):
        return None
    return Expression(number(Fraction(int(texts[0]), int(texts[-1])))) if int(texts[-1]) else None


def _is_short(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12


def spoken_number(tokens: list[Token], measured: Reader) -> Value | None:
    """A number in words, also with what it counts: `twenty-one`, `twelve apples`; a place: `3rd`."""
    if len(tokens) <= MAX_COUNTED and any_of(tokens, ("in", "out")) and (share := _chance(tokens)) is not None:
        return share
    kind = tokens[0].kind
    if kind != "word" and not (kind == "number" and len(tokens) > 1 and tokens[-1].kind in ("word", "sign")) and kind != "name":
        return None
    if (place := place_of(tokens)) is not None:
        return Expression(number(place), unit="th")
    whole = measured_in_words([token.text.lower() for token in tokens]) if len(tokens) <= MAX_COUNTED else None
    if whole is not None:
        return _counted(whole[0], [Token("word", whole[1], True)], measured)
    found = number_at_start(tokens)
    if found is None:
        return None
    value, end = found
    if end == len(without_whole(tokens)):
        return Expression(number(value))
    if value < 0 or tokens[end].kind != "word" or len(tokens) > end + MAX_COUNTED:
        return None
    return _counted(value, tokens[end:], measured)


def _counted(value: Fraction, things: list[Token], measured: Reader) -> Value | None:
    above, below = (Token("number", str(part)) for part in (value.numerator, value.denominator))
    figures = [above] if value.denominator == 1 else [above, Token("sign", "/"), below]
    counted = measured([*figures, *things])
    return counted if isinstance(counted, Expression) and (counted.unit or counted.percent or counted.degree) else None


def words(tokens: list[Token]) -> Value | None:
    """What words say; None for what is no words."""
    if tokens == [Token("sign", "∅", tokens[0].spaced)]:
        return SetOf(())
    known = {*FUNCTIONS, "pi", "log", "sqrt"}
    letters = [token for token in tokens if token.kind in ("word", "name") or token.text in "'-"]
    if len(letters) < len(tokens) or not any(token.kind == "word" and token.text not in known for token in tokens):
        return None
    if any(token.text == "-" for token in tokens) and all(len(token.text) <= 2 for token in tokens):
        return None  # ad - bc: products of letters
    if len(tokens) == 2 and tokens[0].text.lower() in ("option", "choice") and tokens[1].text.upper() in LETTERS:
        return Expression(symbol(tokens[1].text.upper()))
    text = " ".join(token.text for token in tokens).casefold()
    subject = next((lead for lead in _SUBJECTS if text.startswith(lead)), "")
    if subject and text.removeprefix(subject) in _VERBS:
        text = text.removeprefix(subject)
    if text in _INFINITE:
        return Expression(INFINITY if text[0] in "ip" else -INFINITY)
    if text in _ALL_REALS:
        return as_value(REALS)
    if text in ("all integers", "the integers", "any integer", "every integer"):
        return Expression(symbol("ℤ"))
    if text in _WITHOUT_END:
        return Words("infinitely many")
    return SetOf(()) if text in _NOTHING or _says_none(text.split()) else Words(text)


def _says_none(said: list[str]) -> bool:
    """`no solution`, `there are no real roots`, `no such integer exists`: nothing but "no" and what there is none of."""
    while said and said[0] in _LEADING:
        said = said[1:]
    if said[:1] != ["no"]:
        return False
    while said and said[-1] in ("exists", "exist"):
        said = said[:-1]
    return len(said) > 1 and said[-1] in _MISSING and all(word in _DESCRIBED for word in said[1:-1])
