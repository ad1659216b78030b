r"""Lines and planes with parameters: `(1,2,3) + t(1,0,0)`; the same when their points are, whatever the parameter runs over.

Read where vectors of rational numbers, one of them with a letter before it, are added. The directions are brought to their reduced
echelon form and the point to the one with zeros at the pivots, so that equal lines and planes are equal values.
"""

from __future__ import annotations

from fractions import Fraction

from rewardlang.answers.algebra import Quotient
from rewardlang.answers.kinds import Expression, Flat, Labelled, Listing, Matrix, Tuple_, Value
from rewardlang.answers.numeric import symbols_of
from rewardlang.answers.parse_brackets import Reader
from rewardlang.answers.tokens import Token, any_of

MAX_SIZE = 6
MAX_TERMS = 6
MAX_TOKENS = 200
_PARAMETERS = frozenset(("t", "s", "r", "u", "v", "k", "lambda", "mu", "alpha", "beta", "λ", "μ", "α", "β", "t_1", "t_2", "a", "b", "c"))
_PLACES = ("x", "y", "z", "w")

Vector = tuple[Fraction, ...]


def flat(tokens: list[Token], read: Reader) -> Flat | None:
    """The line or plane that the tokens are: vectors, at least one with a letter before it, added."""
    if tokens[-1].text not in (")", "}") or len(tokens) > MAX_TOKENS or not any_of(tokens, (",", "\\begin")):
        return None
    terms = _terms(tokens)
    if not 1 <= len(terms) <= MAX_TERMS:
        return None
    cuts = [_vector_start(term) for _, term in terms]
    factors = [None if cut is None else _factor(term[:cut]) for cut, (_, term) in zip(cuts, terms, strict=True)]
    if None in factors or not any(factor and factor[1] for factor in factors):
        return None
    point: Vector | None = None
    steps: dict[str, Vector] = {}
    for (sign, term), cut, factor in zip(terms, cuts, factors, strict=True):
        vector = _numbers(read(term[cut:]))
        if vector is None or factor is None:
            return None
        value, name = factor
        scaled = tuple(sign * value * item for item in vector)
        before = steps.get(name) if name else point
        if before is not None and len(before) != len(scaled):
            return None
        total = scaled if before is None else tuple(a + b for a, b in zip(before, scaled, strict=True))
        if name:
            steps[name] = total
        else:
            point = total
    sizes = {len(vector) for vector in (*steps.values(), *([point] if point is not None else []))}
    if not steps or len(sizes) != 1 or not 2 <= min(sizes) <= MAX_SIZE:
        return None
    return _made(point or (Fraction(0),) * min(sizes), [steps[name] for name in sorted(steps)])


def flat_of(value: Value) -> Flat | None:
    """The line or plane that a value can be: itself, or places that are linear in usual names of a parameter."""
    if isinstance(value, Flat):
        return value
    if isinstance(value, Labelled):
        return flat_of(value.value)
    items: list[Value] = []
    if isinstance(value, Tuple_):
        items = list(value.items)
    elif isinstance(value, Matrix) and 1 in (len(value.rows), len(value.rows[0])):
        items = [item for row in value.rows for item in row]
    elif isinstance(value, Listing) and all(isinstance(item, Labelled) for item in value.items):
        named = {item.label: item.value for item in value.items if isinstance(item, Labelled)}
        items = [named[name] for name in _PLACES if name in named] if len(named) == len(value.items) <= len(_PLACES) else []
        items = items if len(items) == len(value.items) else []
    formulas = [item.value for item in items if isinstance(item, Expression) and not item.unit]
    names = sorted(set().union(*map(symbols_of, formulas))) if formulas else []
    if len(formulas) != len(items) or not 2 <= len(items) <= MAX_SIZE or not names or not _PARAMETERS.issuperset(names):
        return None
    rows = [_linear(formula, names) for formula in formulas]
    known = [row for row in rows if row is not None]
    if len(known) < len(rows):
        return None
    return _made(tuple(row[-1] for row in known), [tuple(row[at] for row in known) for at in range(len(names))])


def _linear(of: Quotient, names: list[str]) -> Vector | None:
    """The factors of the names and the constant; None for what is not linear in them over the rational numbers."""
    if of.under.rational != 1:
        return None
    factors = dict.fromkeys([*names, ""], Fraction(0))
    for product, value in of.over.terms:
        name = str(product[0][0][1]) if product else ""
        if len(product) > 1 or (product and (product[0][0][0] != "symbol" or product[0][1] != 1)):
            return None
        factors[name] += value
    return tuple(factors[name] for name in (*names, ""))


def _terms(tokens: list[Token]) -> list[tuple[int, list[Token]]]:
    terms: list[tuple[int, list[Token]]] = []
    depth, sign, begin = 0, 1, 0
    for at, token in enumerate(tokens):
        depth += (token.text in ("(", "[", "{", "\\begin")) - (token.text in (")", "]", "}", "\\end"))
        if depth == 0 and token.text in ("+", "-"):
            if at > begin:
                terms.append((sign, tokens[begin:at]))
            sign, begin = (-1 if token.text == "-" else 1), at + 1
    return [*terms, (sign, tokens[begin:])]


def _vector_start(term: list[Token]) -> int | None:
    """Where the bracket or matrix begins that the term ends with."""
    if not term:
        return None
    if [token.text for token in term[-4:-2]] == ["\\end", "{"]:
        return next((at for at, token in enumerate(term) if token.text == "\\begin"), None)
    depth = 0
    for at in range(len(term) - 1, -1, -1):
        depth += (term[at].text == ")") - (term[at].text == "(")
        if depth == 0:
            return at if term[at].text == "(" and term[-1].text == ")" else None
    return None


def _factor(tokens: list[Token]) -> tuple[Fraction, str] | None:
    """The number and the letter before a vector: `2t`, `\\lambda`, `3`, nothing."""
    texts = [token.text for token in tokens if token.text != "*"]
    value = Fraction(1)
    if texts and tokens[0].kind == "number" and len(texts[0]) <= 20:
        value, texts = Fraction(texts[0]), texts[1:]
    if not texts:
        return value, ""
    name = "".join(text for text in texts if text not in "{}").removeprefix("\\")
    return (value, name) if name in _PARAMETERS else None


def _numbers(value: object) -> Vector | None:
    items: tuple[Value, ...] = ()
    if isinstance(value, Tuple_):
        items = value.items
    elif isinstance(value, Matrix) and 1 in (len(value.rows), len(value.rows[0])):
        items = tuple(item for row in value.rows for item in row)
    numbers = [item.value.rational for item in items if isinstance(item, Expression) and not (item.unit or item.percent or item.degree)]
    known = tuple(number for number in numbers if number is not None)
    return known if known and len(known) == len(items) else None


def _made(point: Vector, steps: list[Vector]) -> Flat:
    """With its directions in reduced echelon form, and its point reduced by them."""
    rows = [list(step) for step in steps]
    reduced: list[list[Fraction]] = []
    for column in range(len(point)):
        row = next((row for row in rows if row[column]), None)
        if row is None:
            continue
        rows.remove(row)
        unit = [item / row[column] for item in row]
        rows = [[a - other[column] * b for a, b in zip(other, unit, strict=True)] for other in rows]
        reduced = [[a - other[column] * b for a, b in zip(other, unit, strict=True)] for other in reduced] + [unit]
    place = list(point)
    for unit in reduced:
        pivot = next(at for at, item in enumerate(unit) if item)
        place = [a - place[pivot] * b for a, b in zip(place, unit, strict=True)]
    return Flat(tuple(place), tuple(map(tuple, reduced)), (point, *steps))
