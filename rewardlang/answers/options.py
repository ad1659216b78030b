r"""Options of a test with their text: `(B) 42`, `B) 42`, `\textbf{(B)}\ 42`."""

from __future__ import annotations

from rewardlang.answers.algebra import symbol
from rewardlang.answers.kinds import Expression, Option, Value, Words
from rewardlang.answers.parse_brackets import Reader
from rewardlang.answers.tokens import Token
from rewardlang.verdict import Missing

LETTERS = "ABCDEFGHIJ"
_GOING_ON = frozenset(
    ("+", "*", "/", "^", "_", "=", "<", ">", "≤", "≥", "≠", "≈", ",", ";", ":", "and", "or", "∪", "∩", "∖", "!", "'", ")")
)


def option(tokens: list[Token], read: Reader) -> Value | Missing | None:
    """The option that the tokens are; None where they are none."""
    if len(tokens) == 2 and tokens[1].text == ")" and tokens[0].text in tuple(LETTERS):
        return Expression(symbol(tokens[0].text))
    start = _text_start(tokens)
    letter = tokens[start - 2].text if start else ""
    if not start or len(tokens) <= start or _text_start(tokens[start : start + 3]):
        return None
    first = tokens[start]
    if first.text in _GOING_ON or (not first.spaced and not tokens[start - 2].upright and first.text in "(-:" + LETTERS):
        return None
    if first.text == "-" and len(tokens) > start + 1 and tokens[start + 1].spaced:
        return None
    if tokens[1].text == ":" and not first.spaced:
        return None  # a ratio
    value = read(tokens[start:])
    return value if isinstance(value, Missing) else Option(letter, value)


def _text_start(tokens: list[Token]) -> int:
    """Where the text begins behind the letter and its mark; 0 where no letter stands there."""
    texts = [token.text for token in tokens[:3]]
    start = 3 if texts[:1] == ["("] and texts[2:] == [")"] else 2 if texts[1:2] and texts[1] in (")", ".", ":") else 0
    return start if start and texts[start - 2] in tuple(LETTERS) else 0


def letter_of(value: Value) -> str:
    """The letter that an answer is, if it can be the name of an option; else nothing."""
    if isinstance(value, Words):
        return value.text.upper() if len(value.text) == 1 else ""
    if not isinstance(value, Expression) or value.unit or len(value.value.over.terms) != 1 or value.value.under.rational != 1:
        return ""
    product, coefficient = value.value.over.terms[0]
    if coefficient != 1 or len(product) != 1 or product[0][1] != 1 or product[0][0][0] != "symbol":
        return ""
    name = str(product[0][0][1])
    return name if len(name) == 1 and name in LETTERS else ""
