r"""Reads a formula from tokens, by recursive descent, straight into its exact value.

    sum      = [ sign ] product { ( "+" | "-" ) product }
    product  = power { ( "*" | "/" | nothing ) power }
    power    = primary { "!" | "^" exponent | "°" | "%" }
    primary  = number | name [ "_" index ] | "\frac" argument argument | "\sqrt" [ "[" sum "]" ] argument
             | function [ "^" exponent ] argument | "(" sum ")" | "{" sum "}" | "|" sum "|" | number fraction

What can be read in two ways (`1/2x`) is not read.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from rewardlang.answers import calculus, functions
from rewardlang.answers.algebra import LimitError, Quotient, atom, number, power, whole
from rewardlang.answers.choices import with_choices
from rewardlang.answers.double_factorials import double_factorial
from rewardlang.answers.forms import ACCENTS, INFIX, REMAINDER, SEVERAL, accented, infix, of_several, remainder
from rewardlang.answers.named_functions import FUNCTIONS, INVERSES
from rewardlang.answers.numerals import MAX_FIGURES
from rewardlang.answers.reading import NoValueError, UnreadError
from rewardlang.answers.tokens import Token, any_of

MAX_TOKENS = 400
MAX_DEPTH = 40
MAX_WORK = 4_000

_SMALL_GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau phi chi psi omega hbar ell"
_GREEK = frozenset([*_SMALL_GREEK.split(), "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega"])
_FUNCTION_NAMES = "fghFGH"
_OFTEN_FUNCTIONS = "PQRSTUVW"
_KNOWN_WORDS = frozenset({*FUNCTIONS, *SEVERAL, *REMAINDER, "pi", "log", "sqrt"})
_BETWEEN = frozenset((*INFIX, *REMAINDER))
_ENDING = frozenset(("", "+", "-", "}", ")", "]"))
_BEHIND = frozenset("!^°%")
_CLOSING = {"(": ")", "[": "]", "{": "}", "|": "|", "⌊": "⌋", "⌈": "⌉"}


def read_expression(tokens: list[Token]) -> Quotient:
    """The value of all the tokens; UnreadError, LimitError or ZeroDivisionError when they have none."""
    if len(tokens) > MAX_TOKENS:
        raise LimitError(f"more than {MAX_TOKENS} parts")
    if any_of(tokens, INFIX):
        tokens = [Token("sign", "{"), *tokens, Token("sign", "}")]
    reader = _Reader(_letters(with_choices(tokens)))
    value = reader.sum(0)
    if reader.at < len(reader.tokens):
        raise UnreadError(f"'{reader.tokens[reader.at].text}' is not understood here")
    return value


def _letters(tokens: list[Token]) -> list[Token]:
    """Short runs of letters between signs are products of letters: `ab + 1`. Alone, or upright, they stay words."""
    if all(token.kind == "word" for token in tokens):
        return list(tokens)
    found: list[Token] = []
    for token in tokens:
        if token.kind == "word" and len(token.text) <= 3 and not token.upright and token.text not in _KNOWN_WORDS:
            found.extend(Token("name", letter) for letter in token.text)
        else:
            found.append(token)
    return found


_ENCLOSING: dict[str, Callable[[Quotient], Quotient]] = {
    "(": lambda value: value,
    "{": lambda value: value,
    "|": functions.absolute,
    "⌊": functions.floor,
    "⌈": functions.ceiling,
}


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.work = 0
        self.bound: set[str] = set()
        self.in_bars = False

    def _text(self, ahead: int = 0) -> str:
        try:  # the usual case costs nothing, and this is asked more often than anything else
            return self.tokens[self.at + ahead].text
        except IndexError:
            return ""

    def _kind(self, ahead: int = 0) -> str:
        try:
            return self.tokens[self.at + ahead].kind
        except IndexError:
            return ""

    def _take(self, text: str) -> None:
        if self._text() != text:
            raise UnreadError(f"'{text}' is missing")
        self.at += 1

    def _times(self, one: Quotient, other: Quotient, divide: bool = False) -> Quotient:
        terms = len(one.over.terms) + len(one.under.terms)
        self.work += 1 + terms * max(len(other.over.terms), len(other.under.terms))
        if self.work > MAX_WORK:
            raise LimitError(f"more than {MAX_WORK:,} steps")
        return one / other if divide else one * other

    def sum(self, depth: int) -> Quotient:
        """A sum from here on."""
        if depth > MAX_DEPTH:
            raise LimitError(f"nested more than {MAX_DEPTH} deep")
        total = self._signed(depth)
        while (sign := self._text()) and sign in "+-":
            self.at += 1
            term = self._signed(depth)
            self.work += len(total.under.terms) * len(term.under.terms) * (len(total.over.terms) + len(term.over.terms))
            if self.work > MAX_WORK:
                raise LimitError(f"more than {MAX_WORK:,} steps")
            total = total + term if sign == "+" else total - term
        return total

    def _signed(self, depth: int) -> Quotient:
        negative = False
        while (sign := self._text()) and sign in "+-":
            negative ^= sign == "-"
            self.at += 1
        value = self.factors(depth)
        return -value if negative else value

    def factors(self, depth: int) -> Quotient:
        """A product from here on."""
        value = self._power(depth)
        slash = False
        while True:
            sign = self._text()
            if sign in _ENDING:
                return value
            if sign in ("*", "/"):
                self.at += 1
                slash = sign == "/"
                value = self._times(value, self._factor(depth), slash)
            elif sign in REMAINDER:
                self.at += 1
                value = remainder(value, self._power(depth))
            elif self._begins_factor():
                if slash:
                    raise UnreadError("a product right of '/' can be read in two ways")
                if self._kind() == "number" and not self._may_follow():
                    raise UnreadError("a number follows without a sign between")
                value = self._times(value, self._power(depth))
            else:
                return value

    def _may_follow(self) -> bool:
        """Whether the number here is a factor of what stands before: `5! 3`, `n2^{n-1}`."""
        return self.tokens[self.at - 1].text == "!" or (self._text(1) == "^" and self.tokens[self.at - 1].kind == "name")

    def _factor(self, depth: int) -> Quotient:
        """What may stand after `*` or `/`: also a negative one."""
        if self._text() == "-":
            self.at += 1
            return -self._power(depth)
        return self._power(depth)

    def _begins_factor(self) -> bool:
        kind, text, _, _ = self.tokens[self.at]
        if kind in ("number", "name"):
            return True
        if kind == "command":
            return text not in _BETWEEN
        if kind == "word":
            return text in _KNOWN_WORDS and text not in REMAINDER
        return text in ("(", "{", "∞", "⌊", "⌈") or (text == "|" and not self.in_bars)

    def _power(self, depth: int) -> Quotient:
        value = self._primary(depth + 1)
        while True:
            text = self._text()
            if text not in _BEHIND:
                return value
            if text == "!":
                value = self._factorial(value)
            elif text == "^":
                self.at += 1
                value = self._raised(value, self._exponent(depth + 1))
                if self._text() == "^":
                    raise UnreadError("a power of a power can be read in two ways")
            elif text == "°":
                self.at += 1
                value = value * functions.PI / number(180)
            else:
                self.at += 1
                value = value / number(100)

    def _factorial(self, of: Quotient) -> Quotient:
        """`n!`, and `n!!`, which is no factorial of a factorial."""
        double = self._text(1) == "!"
        self.at += 1 + double
        value = double_factorial(of) if double else functions.factorial(of)
        if value is None or (double and self._text() == "!"):
            raise UnreadError("a double factorial that is not written out")
        return value

    def _raised(self, base: Quotient, exponent: Quotient) -> Quotient:
        terms = max(len(base.over.terms), len(base.under.terms))
        if terms > 1:
            self.work += 100 * terms
            if self.work > MAX_WORK:
                raise LimitError(f"more than {MAX_WORK:,} steps")
        return functions.raised(base, exponent)

    def _exponent(self, depth: int) -> Quotient:
        if self._text() == "{":
            return self._group("{", depth)
        if self._text() == "-":
            self.at += 1
            return -self._primary(depth)
        return self._primary(depth)

    def _group(self, opening: str, depth: int) -> Quotient:
        self._take(opening)
        value = self._number() if self._is_number_alone(opening, depth) else self.sum(depth + 1)
        self._take(_CLOSING[opening])
        return value

    def _is_number_alone(self, opening: str, depth: int) -> bool:
        return self._kind() == "number" and self._text(1) == _CLOSING[opening] and depth < MAX_DEPTH - 1

    def argument(self, depth: int) -> Quotient:
        r"""The argument of a LaTeX command: a group, or one token, of a number its first figure (`\frac12`)."""
        if self._text() == "{":
            return self._group("{", depth)
        if self._kind() == "number":
            figures = self._text()
            self.tokens[self.at : self.at + 1] = (
                [Token("number", figure) for figure in figures] if figures.isdigit() else [self.tokens[self.at]]
            )
            return self._number()
        return self._primary(depth)

    def _number(self) -> Quotient:
        figures = self._text()
        if len(figures) > MAX_FIGURES:
            raise LimitError(f"a number of more than {MAX_FIGURES:,} figures")
        self.at += 1
        return whole(int(figures)) if figures.isdigit() and len(figures) < 7 else number(Fraction(figures))

    def _primary(self, depth: int) -> Quotient:
        if depth > MAX_DEPTH:
            raise LimitError(f"nested more than {MAX_DEPTH} deep")
        kind, text = self._kind(), self._text()
        if kind == "number":
            return self._mixed(self._number(), text, depth)
        if kind == "name":
            return self._named(text, depth)
        if text == "{" and (split := infix(self, depth)) is not None:
            return split
        if text in _ENCLOSING:
            outside, self.in_bars = self.in_bars, text == "|"
            inner = self._group(text, depth)
            self.in_bars = outside
            return _ENCLOSING[text](inner)
        if text == "∞":
            self.at += 1
            return atom("symbol", "∞")
        if kind in ("command", "word"):
            return self._command(text.removeprefix("\\"), depth)
        raise UnreadError(f"'{text}' is not understood here" if text else "something is missing at the end")

    def _mixed(self, whole: Quotient, figures: str, depth: int) -> Quotient:
        r"""A whole number with a fraction behind it: `2\frac{2}{3}`, `2 2/3`. The fraction must be proper."""
        start = self.at
        if not figures.isdigit():
            return whole
        if self._text() == "\\frac":
            self.at += 1
            part = self._times(self.argument(depth + 1), number(1) / self.argument(depth + 1)).rational
            if part is None:
                self.at = start
                return whole
        elif self._kind() == "number" and self._text(1) == "/" and self._kind(2) == "number":
            part = Fraction(self._text()) / Fraction(self._text(2)) if self._text(2).strip("0.") else None
            self.at += 3
        else:
            return whole
        if part is None or not 0 < part < 1:
            raise NoValueError("a whole number before a fraction that is not proper is no number")
        return whole + number(part)

    def _named(self, text: str, depth: int) -> Quotient:
        self.at += 1
        while self._text() == "'":
            text += "'"
            self.at += 1
        if self._text() == "_":
            return atom("symbol", f"{text}_{self._index()}")
        if self._text() == "(" and text[0] in _FUNCTION_NAMES:
            return atom("apply", (text, self._group("(", depth)))
        if self._text() == "(" and text in _OFTEN_FUNCTIONS:
            raise UnreadError(f"'{text}(' can be a product or the value of a function")
        if text == "e":
            return functions.E
        return atom("i", 1) if text == "i" and text not in self.bound else atom("symbol", text)

    def _index(self) -> str:
        self.at += 1
        if self._text() != "{":
            if not self._text():
                raise UnreadError("an index is missing")
            self.at += 1
            return self.tokens[self.at - 1].text
        depth, parts = 0, []
        while self.at < len(self.tokens):
            text = self._text()
            self.at += 1
            depth += {"{": 1, "}": -1}.get(text, 0)
            if depth == 0:
                break
            parts.append(text)
        return "".join(parts[1:])

    def _command(self, name: str, depth: int) -> Quotient:
        self.at += 1
        if name == "pi":
            return functions.PI
        if name in _GREEK:
            return self._greek(name)
        if name in ACCENTS:
            return accented(self, name)
        if name in SEVERAL:
            return of_several(self, name, depth)
        if name == "lim" or (name == "frac" and calculus.is_derivative(self)):
            read = calculus.limit(self, depth) if name == "lim" else calculus.derivative(self, depth)
            if read is None:
                raise UnreadError(f"'{name}' is not read in this form")
            return read
        if name == "frac":
            above = self.argument(depth + 1)
            return self._times(above, self.argument(depth + 1), True)
        if name == "binom":
            above = self.argument(depth + 1)
            return functions.binomial(above, self.argument(depth + 1))
        if name == "sqrt":
            return self._root(depth)
        if name in ("int", "sum", "prod"):
            read = calculus.integral(self, depth) if name == "int" else calculus.series(self, name, depth)
            if read is None:
                raise UnreadError(f"'{name}' is not read without its limits and its variable")
            return read
        if name == "log" and self._text() != "_":
            return functions.log_of_unknown_base(self._of_function(depth))
        if name in ("log", "lg"):
            base = number(10)
            if name == "log":
                self.at += 1
                base = self.argument(depth + 1)
            return functions.log(self._of_function(depth), base)
        function = FUNCTIONS.get(name)
        if function is None:
            raise UnreadError(f"'{name}' is not read")
        exponent = None
        if self._text() == "^":
            self.at += 1
            exponent = self._exponent(depth + 1).rational
            if exponent == -1 and name in INVERSES:
                return INVERSES[name](self._of_function(depth))
            if exponent is None or exponent.denominator != 1 or exponent < 1:
                raise UnreadError("a function to a power that is not a positive whole number")
        value = function(self._of_function(depth))
        return value if exponent is None else power(value, int(exponent))

    def _greek(self, name: str) -> Quotient:
        if self._text() == "_":
            return atom("symbol", f"{name}_{self._index()}")
        return atom("symbol", name)

    def _root(self, depth: int) -> Quotient:
        degree = 2
        if self._text() == "[":
            self.at += 1
            written = self.sum(depth + 1).rational
            self._take("]")
            if written is None or written.denominator != 1 or not 2 <= written <= 64:
                raise UnreadError("a root whose degree is not a small whole number")
            degree = int(written)
        return functions.root(self.argument(depth + 1), degree)

    def _of_function(self, depth: int) -> Quotient:
        """The argument of sin, ln, …: in brackets, or the factors that follow (`sin 2x`)."""
        if self._text() in ("(", "{", "|"):
            return self._primary(depth + 1)
        value = self._power(depth + 1)
        while self._kind() == "name" or self._text() in ("\\pi", "\\theta", "\\alpha", "\\beta"):
            value = self._times(value, self._power(depth + 1))
        return value
