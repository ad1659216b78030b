"""`valid_sql` and `same_sql`: whether a text is a query, and whether two queries are written alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache, partial
from typing import Any, Literal, TypeAlias

from rewardlang.libraries import not_installed
from rewardlang.verdict import Missing, Refused, Verdict, cannot_judge, no, yes
from rewardlang.verifier import measure, predicate

Dialect: TypeAlias = Literal["any", "bigquery", "duckdb", "mysql", "oracle", "postgres", "snowflake", "spark", "sqlite", "tsql"]
Statement: TypeAlias = Literal["any", "query"]
MAX_CHARACTERS = 10_000
MAX_DEPTH = 30
MAX_OPERATORS = 500
MAX_CASTS = 50
MAX_TOKENS = 2_000
_LIMITS = {"characters": MAX_CHARACTERS, "depth": MAX_DEPTH, "operators": MAX_OPERATORS, "casts": MAX_CASTS, "tokens": MAX_TOKENS}


class _Refusal(Exception):
    """Beyond the limits, or the library is missing."""


class _NotSql(Exception):
    """The parser refused; the words say where."""


_TOKENS = re.compile(r"\w+|[^\w\s]")


@cache
def _nesting() -> re.Pattern[str]:
    """Texts in quotes, which count for nothing; brackets; words and signs after which an expression goes one level down; casts."""
    return re.compile(r"'(?:[^']|'')*+'|\"[^\"]*+\"|([(\[{])|([)\]}])|(\b(?:not|case|select|interval)\b|[-+~*/|%=<>])|(::)", re.IGNORECASE)


@predicate("valid_sql", cost="linear", version="1", limits=_LIMITS)
def valid_sql(texts: Sequence[str], *, dialect: Dialect = "any", statement: Statement = "any") -> list[Verdict]:
    """Whether the whole text is one statement of SQL that parses.

    What it checks
    --------------
    One statement, with or without a semicolon, that sqlglot parses in the dialect (`pip install 'rewardlang[structure]'`);
    commands that it only passes through do not count. `statement = "query"` asks for one that only reads (SELECT, with its joins, unions
    and WITH). `same_sql(one, other)` is 1 where two statements are the same but for the case of words, layout, redundant brackets, quotes
    around names and the order of what AND and OR join, and 0 otherwise. Nothing is run. Long or deeply nested texts are not judged.

    Why it earns reward
    -------------------
    A query that does not parse has no result; one that writes when it was asked to read does harm.

    Example
    -------
    `rule reads: award 0.5 points when only code_block(language = "sql") in completion is valid_sql(statement = "query")`

    Known gaps
    ----------
    `SELECT 1` parses. Whether tables and columns exist is not looked at. sqlglot accepts more than databases do. Two queries that mean
    the same in different forms (a join and a subquery) are not the same here: compare results by running them yourself.
    """
    return [_verdict(text, dialect, statement) for text in texts]


def _verdict(text: str, dialect: Dialect, statement: Statement) -> Verdict:
    try:
        tree = _in_a_fresh_thread(partial(_parsed, text, dialect))
    except _Refusal as error:
        return cannot_judge(str(error))
    except _NotSql as error:
        return no(str(error))
    from sqlglot import exp

    if statement == "query":
        if not isinstance(tree, exp.Query):
            return no(f"a statement of {tree.key.upper()}, and a query is wanted")
        if any(isinstance(node, (exp.Insert, exp.Update, exp.Delete, exp.Into, exp.Create, exp.Drop)) for node in tree.walk()):
            return no("it writes")
    return yes()


def _parsed(text: str, dialect: Dialect) -> Any:
    """The one statement. Raises `_Refusal` or `_NotSql`."""
    if len(text) > MAX_CHARACTERS:
        raise _Refusal(f"more than {MAX_CHARACTERS:,} characters")
    if len(_TOKENS.findall(text)) > MAX_TOKENS:
        raise _Refusal(f"more than {MAX_TOKENS:,} words and signs")
    depth = operators = casts = 0
    for match in _nesting().finditer(text):
        depth += (match[1] is not None) - (match[2] is not None)
        operators += match[3] is not None
        casts += match[4] is not None
        if depth > MAX_DEPTH or operators > MAX_OPERATORS or casts > MAX_CASTS:
            raise _Refusal(f"more than {MAX_DEPTH} levels of brackets, {MAX_OPERATORS} operators or {MAX_CASTS} casts")
    try:
        import sqlglot
        from sqlglot import errors, exp
    except ImportError:
        raise _Refusal(not_installed("sqlglot", "structure")) from None
    try:
        trees = [tree for tree in sqlglot.parse(text, read=None if dialect == "any" else dialect) if tree is not None]
    except errors.SqlglotError as error:
        raise _NotSql(_told(error)) from None
    if len(trees) != 1:
        raise _NotSql(f"{len(trees) or 'no'} statements, and one is wanted")
    if isinstance(trees[0], (exp.Command, exp.Column, exp.Alias, exp.Condition)) and not isinstance(trees[0], exp.Query):
        raise _NotSql("no statement")
    return trees[0]


def _told(error: Exception) -> str:
    details = getattr(error, "errors", None)
    if not details:
        return str(error).splitlines()[0][:200]
    return f"line {details[0].get('line')}, column {details[0].get('col')}: {_first(details[0].get('description', ''))}"


def _first(description: object) -> str:
    return str(description).partition(" but got <")[0].partition("\n")[0][:150]


def _in_a_fresh_thread(task: Callable[[], Any]) -> Any:
    """A whole stack for the parser, so that the verdict does not depend on who asks; and its log does not reach the terminal."""
    import logging
    from concurrent.futures import ThreadPoolExecutor

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    with ThreadPoolExecutor(1) as executor:
        try:
            return executor.submit(task).result()
        except RecursionError:
            raise _Refusal("nested too deeply") from None


@measure("same_sql", cost="linear", version="1", limits=_LIMITS)
def same_sql(ones: Sequence[str], others: Sequence[str], *, dialect: Dialect = "any") -> list[Fraction | Missing | Refused]:
    """1 where two statements of SQL are written alike, 0 where they are not."""
    return [_same(one, other, dialect) for one, other in zip(ones, others, strict=True)]


def _same(one: str, other: str, dialect: Dialect) -> Fraction | Missing | Refused:
    try:
        plain = [_in_a_fresh_thread(partial(_canonical_of, text, dialect)) for text in (one, other)]
    except _Refusal as error:
        return Refused(str(error))
    except _NotSql as error:
        return Missing(f"no SQL: {error}")
    return Fraction(plain[0] == plain[1])


def _canonical_of(text: str, dialect: Dialect) -> str:
    """The statement in one spelling: names unquoted and in lower case, no redundant brackets, AND and OR in the order of their text."""
    from sqlglot import exp

    def one_spelling(node: Any) -> Any:
        if isinstance(node, exp.Identifier):
            return exp.to_identifier(node.name.lower())
        return node.unnest() if isinstance(node, exp.Paren) and isinstance(node.parent, (exp.And, exp.Or, exp.Where, type(None))) else node

    tree = _parsed(text, dialect).transform(one_spelling)
    for node in reversed(list(tree.find_all(exp.And, exp.Or))):  # the inner ones first
        if not isinstance(node.parent, type(node)):
            parts = sorted(part.sql() for part in node.flatten())
            node.replace(exp.Anonymous(this=node.key.upper(), expressions=[exp.Literal.string(part) for part in parts]))
    return str(tree.sql())
