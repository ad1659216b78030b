r"""Matrices of an answer, with sums, products, factors, powers and transposes written out, and determinants and traces of them."""

from __future__ import annotations

from typing import TypeAlias

from rewardlang.answers.algebra import LimitError, Quotient, number
from rewardlang.answers.expression import read_expression
from rewardlang.answers.kinds import Expression, Matrix, MatrixPower, Unread, Value
from rewardlang.answers.matrices import MAX_ENTRIES, Entries, determinant, plus, scaled, times, to_power, trace
from rewardlang.answers.parse_brackets import Reader, bracketed, parts_of, split
from rewardlang.answers.reading import UnreadError
from rewardlang.answers.tokens import Token, joined
from rewardlang.verdict import Missing

MAX_ROWS = 4
"""Of a matrix to the power of a symbol."""

_MATRICES = ("pmatrix", "bmatrix", "matrix", "Bmatrix", "array", "smallmatrix", "vmatrix")
_SCALARS = {"det": determinant, "tr": trace, "Tr": trace, "trace": trace}

Rows: TypeAlias = tuple[tuple[Value, ...], ...]


def matrix(tokens: list[Token], read: Reader) -> Value | Missing | None:
    """The matrix, or the determinant or trace of one, that the tokens are; None where no matrix is in them."""
    if not any(token.text == "\\begin" for token in tokens):
        return _nested_lists(tokens, read)
    if _environment_end(tokens, 0) == len(tokens) and not _is_determinant(tokens, 0):
        try:
            rows = _environment(tokens, read)
        except UnreadError as error:
            return Unread(joined(tokens), str(error))
        return rows if isinstance(rows, Missing) else Matrix(rows)
    if (symbolic := _symbolic_power(tokens, read)) is not None:
        return symbolic
    try:
        total: Entries | Quotient | None = None
        for sign, term in _terms(tokens):
            product = _product(term, read)
            if isinstance(product, Missing):
                return product
            signed = product if sign > 0 else -product if isinstance(product, Quotient) else scaled(product, number(-1))
            total = signed if total is None else _sum(total, signed)
    except (UnreadError, LimitError, ZeroDivisionError) as error:
        return Unread(joined(tokens), str(error) or "a division by zero")
    if total is None or isinstance(total, Quotient):
        return None if total is None else Expression(total)
    return Matrix(tuple(tuple(Expression(value) for value in row) for row in total))


MIN_MATRIX = 10
"""Tokens of the shortest matrix with an exponent."""


def _symbolic_power(tokens: list[Token], read: Reader) -> MatrixPower | None:
    r"""`\begin{pmatrix}…\end{pmatrix}^n` of a few rows of numbers; None for anything else."""
    if len(tokens) < MIN_MATRIX:
        return None
    braced = tokens[-1].text == "}" and tokens[-3].text == "{"
    caret = len(tokens) - (4 if braced else 2)
    name = tokens[-2] if braced else tokens[-1]
    end = _environment_end(tokens, 0) if tokens[0].text in ("(", "[", "\\begin") else None
    if end != caret or tokens[caret].text != "^" or name.kind != "name" or name.text in ("T", "t"):
        return None
    try:
        rows = _environment(tokens[:caret], read)
        entries = () if isinstance(rows, Missing) else tuple(tuple(map(_entry, row)) for row in rows)
    except UnreadError:
        return None
    square = 0 < len(entries) == len(entries[0]) <= MAX_ROWS if entries else False
    return MatrixPower(entries, name.text) if square and all(item.rational is not None for row in entries for item in row) else None


_ARROWS = ("⇒", "⟹", "⟶", "\\implies", "\\Rightarrow", "\\Longrightarrow")
_LINES = ("aligned", "align", "align*", "gather", "gathered", "split")


def behind_arrow(tokens: list[Token]) -> list[Token]:
    """What follows from the rest: `x^2 = 49 => x = 7` without what stands before the last arrow."""
    texts = [token.text for token in tokens]
    for at in range(len(tokens) - 2, 0, -1):
        if texts[at] in _ARROWS or (texts[at] == ">" and texts[at - 1] == "="):
            return tokens[at + 1 :]
    return tokens


def last_line(tokens: list[Token]) -> list[Token]:
    r"""The last of the lines of `\begin{aligned} … \end{aligned}`, with those before it that it goes on; other tokens as they are."""
    texts = [token.text for token in tokens[:5]]
    if texts[:2] != ["\\begin", "{"] or "".join(texts[2 : texts.index("}") if "}" in texts else 2]) not in _LINES:
        return tokens
    begin = texts.index("}") + 1
    end = next((at for at in range(len(tokens) - 1, 0, -1) if tokens[at].text == "\\end"), len(tokens))
    lines = [[token for token in line if token.text != "&"] for line in split(tokens[begin:end], ("\\\\",))]
    lines = [line for line in (line[:-1] if line and line[-1].text in (",", ";", ".") else line for line in lines) if line]
    if len(lines) > 1 and len({line[0].text for line in lines}) == len(lines) and all(map(_gives_a_value, lines)):
        return [token for line in lines for token in (*line, Token("sign", ","))][:-1]
    last: list[Token] = []
    for line in reversed(lines):
        last = [*line, *last]
        if line[0].text != "=":
            break
    return last or tokens


def _gives_a_value(line: list[Token]) -> bool:
    """`a = 4`: one letter, and no other in what it is."""
    names = [token for token in line if token.kind in ("name", "word")]
    return len(line) > 2 and line[0].kind == "name" and line[1].text == "=" and len(names) == 1


def system_rows(tokens: list[Token]) -> list[list[Token]]:
    r"""The rows of `\begin{cases} x = 1 \\\\ y = 2 \end{cases}` or of an array behind one brace; none for anything else."""
    braced = len(tokens) > 1 and tokens[0].text == "⦃" and tokens[1].text == "\\begin"
    inner = tokens[1:] if braced else tokens
    texts = [token.text for token in inner]
    if len(texts) < 8 or texts[:2] != ["\\begin", "{"] or texts[-4:] != ["\\end", "{", texts[2], "}"]:
        return []
    if not (texts[2] == "cases" or (braced and texts[2] in ("array", "aligned", "matrix"))):
        return []
    body = inner[4:-4]
    if texts[2] == "array" and body[0].text == "{":
        close = next((index for index, token in enumerate(body) if token.text == "}"), len(body) - 1)
        body = body[close + 1 :]
    rows = [row[:-1] if row[-1].text == "," else row for row in split(body, ("\\\\",)) if row]
    return rows if len(rows) > 1 else []


def _terms(tokens: list[Token]) -> list[tuple[int, list[Token]]]:
    terms: list[tuple[int, list[Token]]] = []
    depth, sign, begin = 0, 1, 0
    for at, token in enumerate(tokens):
        depth += (token.text in ("(", "[", "{", "⦃", "\\begin")) - (token.text in (")", "]", "}", "⦄", "\\end"))
        if depth == 0 and token.text in ("+", "-") and (at == 0 or tokens[at - 1].text not in ("*", "^")):
            if at > begin:
                terms.append((sign, tokens[begin:at]))
            sign, begin = (-1 if token.text == "-" else 1), at + 1
    terms.append((sign, tokens[begin:]))
    return terms


def _product(term: list[Token], read: Reader) -> Entries | Quotient | Missing:
    """Factors and matrices in a row; without a matrix, a number. Raises UnreadError for what is neither."""
    result: Entries | None = None
    factor = number(1)
    scalar: list[Token] = []
    at = 0
    while at < len(term):
        end = _environment_end(term, at)
        if end is None:
            scalar.append(term[at])
            at += 1
            continue
        taken = _SCALARS.get(scalar[-1].text.removeprefix("\\")) if scalar else None
        taken = taken or (determinant if _is_determinant(term, at) else None)
        while scalar and (scalar[-1].text == "*" or scalar[-1].text.removeprefix("\\") in _SCALARS):
            scalar.pop()
        if scalar:
            factor = factor * read_expression(scalar)
            scalar = []
        rows = _environment(term[at:end], read)
        if isinstance(rows, Missing):
            return rows
        entries, at = _raised(tuple(tuple(map(_entry, row)) for row in rows), term, end)
        if taken is not None:
            factor = factor * taken(entries)
        else:
            result = entries if result is None else times(result, entries)
        if at < len(term) and term[at].text == "*":
            at += 1
    if scalar and len(scalar) < len(term):
        raise UnreadError("a matrix beside something else")
    if scalar:
        return read_expression(scalar)
    return factor if result is None else result if factor.rational == 1 else scaled(result, factor)


_TRANSPOSED = ("T", "\\top", "t")


def _raised(rows: Entries, term: list[Token], at: int) -> tuple[Entries, int]:
    """The matrix transposed or to the whole power that stands at `at`, and where it ends."""
    if at + 1 >= len(term) or term[at].text != "^":
        return rows, at
    braced = term[at + 1].text == "{"
    end = next((index for index in range(at + 2, len(term)) if term[index].text == "}"), len(term)) if braced else at + 2
    exponent = "".join(token.text for token in term[at + 1 + braced : end])
    if exponent in _TRANSPOSED:
        return tuple(zip(*rows, strict=True)), end + braced
    if len(exponent) > 3 or not exponent.removeprefix("-").isdecimal():
        raise UnreadError("a matrix to a power that is no small whole number")
    return to_power(rows, int(exponent)), end + braced


def _is_determinant(tokens: list[Token], at: int) -> bool:
    texts = [token.text for token in tokens[at : at + 3]]
    return texts[0] == "|" or texts == ["\\begin", "{", "vmatrix"]


def _environment_end(tokens: list[Token], at: int) -> int | None:
    r"""Where a `\begin{pmatrix}…\end{pmatrix}` that begins at `at` ends, with brackets around it if there are."""
    inside = tokens[at].text in ("(", "[", "|") and at + 1 < len(tokens) and tokens[at + 1].text == "\\begin"
    begin = at + inside
    if tokens[begin].text != "\\begin":
        return None
    depth = 0
    for index in range(begin, len(tokens)):
        depth += (tokens[index].text == "\\begin") - (tokens[index].text == "\\end")
        if depth == 0:
            end = index + 4
            if end > len(tokens) or tokens[end - 1].text != "}":
                return None
            if not inside:
                return end
            return end + 1 if end < len(tokens) and tokens[end].text in (")", "]", "|") else None
    return None


def _environment(tokens: list[Token], read: Reader) -> Rows | Missing:
    if bracketed(tokens) in ("()", "[]") or tokens[0].text == tokens[-1].text == "|":
        tokens = tokens[1:-1]
    texts = [token.text for token in tokens]
    if len(texts) < 8 or texts[1] != "{" or texts[2] not in _MATRICES or texts[-4:] != ["\\end", "{", texts[2], "}"]:
        raise UnreadError("this environment is not read")
    body = tokens[4:-4]
    if texts[2] == "array" and body and body[0].text == "{":
        close = next((index for index, token in enumerate(body) if token.text == "}"), None)
        body = body[close + 1 :] if close is not None else body
    rows: list[tuple[Value, ...]] = []
    for row in split(body, ("\\\\",)):
        if not row:
            continue
        values = parts_of(split(row, ("&",)), read)
        if isinstance(values, Missing):
            return values
        rows.append(values)
    return _rectangle(rows)


def _rectangle(rows: list[tuple[Value, ...]]) -> Rows:
    if not rows or len({len(row) for row in rows}) != 1:
        raise UnreadError("a matrix whose rows differ in length")
    if len(rows) * len(rows[0]) > MAX_ENTRIES:
        raise UnreadError(f"a matrix of more than {MAX_ENTRIES} entries")
    return tuple(rows)


def _entry(value: Value) -> Quotient:
    if isinstance(value, Expression) and not value.unit:
        return value.value
    raise UnreadError("an entry that is no number or formula")


def _sum(one: Entries | Quotient, other: Entries | Quotient) -> Entries | Quotient:
    if isinstance(one, Quotient) and isinstance(other, Quotient):
        return one + other
    if isinstance(one, Quotient) or isinstance(other, Quotient):
        raise UnreadError("a matrix and a number")
    return plus(one, other)


def _nested_lists(tokens: list[Token], read: Reader) -> Value | Missing | None:
    """`[[1, 2], [3, 4]]`."""
    if bracketed(tokens) != "[]" or len(tokens) < 4 or tokens[1].text != "[" or tokens[-2].text != "]":
        return None
    rows: list[tuple[Value, ...]] = []
    for part in split(tokens[1:-1], (",",)):
        if bracketed(part) != "[]":
            return None
        values = parts_of(split(part[1:-1], (",",)), read)
        if isinstance(values, Missing):
            return values
        rows.append(values)
    try:
        return Matrix(_rectangle(rows))
    except UnreadError as error:
        return Unread(joined(tokens), str(error))
