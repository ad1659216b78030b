"""Habits of prose and of other notations: a sign at the end of a sentence, a name of several words, `per` for `for each`.

More questions for `syntax_mistakes.describe`, read when a mistake is told and
the questions there had no answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from rewardlang.errors import instead
from rewardlang.parsing.mistake_place import Place, Told, phrases_of
from rewardlang.parsing.tree_nodes import Leaf
from rewardlang.source import Span
from rewardlang.written import written

_REST = re.compile(r"[ \t]*(?P<word>[^\W\d]\w*(?: [^\W\d]\w*)*)?")
_NAME_WORDS = re.compile(r"[^\W\d]\w*(?:[ \t]+(?!at\b|weight\b|because\b|award\b|deduct\b|from\b)[^\W\d]\w*)*")
_NAMERS = frozenset(("_COLUMN", "_PARAM", "_LIST", "_PATTERN", "_LET", "_SECTION", "_RULE", "_REWARD"))
_TYPES = frozenset(("text", "number", "math", "boolean", "optional", "one of", "list of", "quantity of"))
_GROUPS = frozenset(("_ALL_OF", "_ANY_OF", "_NONE_OF"))
_VERBS = frozenset(("CONTAINS", "STARTS_WITH", "ENDS_WITH", "_MATCHES", "EQUALS", "_IS"))


def stray_sign(place: Place) -> Told | None:
    """`… equals gold.`, `…; rule next: …`, `2 points when a, else 1 point`."""
    text, start = place.source.text, place.start
    sign = text[start : start + 1]
    if sign not in (",", ";", ".") or place.before is None:
        return None
    if sign == ";" and "_COMMA" in place.all_expected and "_CLOSE_LIST" in place.all_expected:
        span = Span(start, start + 1)
        return Told("RW101", "commas stand between the items of a list", span, "write ,", None, instead(span, ",", safe=True))
    rest = _REST.match(text, start + 1)
    assert rest is not None
    words = (rest["word"] or "").split()
    known = phrases_of(place.parser, place.all_expected)
    ends = not words and (rest.end() == len(text) or text[rest.end()] in "\r\n#") and place.could_end
    goes_on = next((" ".join(words[:count]) for count in (3, 2, 1) if words and " ".join(words[:count]) in known), None)
    if not ends and goes_on is None:
        return None
    span = Span(start, start + 1)
    where = f"before '{goes_on}'" if goes_on is not None else "at the end: a statement ends where the next begins"
    return Told("RW101", f"no '{sign}' stands {where}", span, "take it out", None, instead(span, "", safe=True))


def sign_of_a_definition(place: Place) -> Told | None:
    """`let value == …`, `let value := …`: of those who know programs."""
    text, start, before = place.source.text, place.start, place.before
    if before is not None and before == "=" and before.span.end == start and text[start : start + 1] == "=":
        start -= 1
    elif "_EQ" not in place.all_expected or text[start : start + 2] not in ("==", ":="):
        return None
    span = Span(start, start + 2)
    words = f"{' ' * text[start - 1].isalnum()}={' ' * text[span.end : span.end + 1].isalnum()}"
    return Told("RW110", f"'{text[start : start + 2]}' is no sign here", span, "write =", None, instead(span, words, safe=True))


def missing_comma(place: Place) -> Told | None:
    """`… where x contains y up to 2 points`."""
    if place.found is None or place.found.type != "_UP_TO" or "_COMMA" not in place.all_expected or place.before is None:
        return None
    fix = instead(Span(place.before.span.end, place.found.span.end), ", up to", safe=True)
    return Told("RW101", "a comma is missing before 'up to'", place.found.span, "write: …, up to", None, fix)


def percent(place: Place) -> Told | None:
    """`weight 70%`."""
    before, found = place.before, place.found
    if found is None or found != "%" or before is None or before.type != "NUMBER" or before.span.end != found.span.start:
        return None
    number, span = written(Fraction(str(before)) / 100), Span(before.span.start, found.span.end)
    return Told("RW101", "a number without a percent sign stands here", span, f"write {number}", None, instead(span, number, safe=False))


def per(place: Place) -> Told | None:
    """`deduct 0.1 points per misspelling`."""
    if place.found is None or place.found.type not in ("_PER", "NAME") or place.found != "per" or "_FOR_EACH" not in place.expected:
        return None
    word = re.compile(r"\s*([^\W\d]\w*)?").match(place.source.text, place.found.span.end)
    thing = (word[1] if word is not None else None) or "word"
    return Told("RW101", "'per' is no way to count here", place.found.span, f"write 'for each {thing} in …, up to 1 point'")


def group_of_a_list(place: Place) -> Told | None:
    """`all of red_flags`."""
    before, found = place.before, place.found
    if before is None or found is None or before.type not in _GROUPS or found.type != "NAME":
        return None
    items = {"_ALL_OF": f"share of {found} found in … = 1", "_ANY_OF": f"some item in {found} where …"}
    listed = items.get(before.type, f"no item in {found} where …")
    return Told("RW101", f"'{before}' takes tests in brackets", found.span, f"write {before} (…; …); of the items of a list: {listed}")


def case_in_brackets(place: Place) -> Told | None:
    """`contains answer (ignoring case)`."""
    if place.before is None or place.before != "ignoring" or place.found is None or place.found != "case":
        return None
    return Told("RW101", "'ignoring case' stands without brackets", place.found.span, "write: … contains answer ignoring case")


def nothing_before_a_verb(place: Place) -> Told | None:
    """`not contains "x"`, `when contains "x"`."""
    before, found = place.before, place.found
    if before is None or found is None or found.type not in _VERBS or before.type not in ("NOT", "_WHEN", "_AND", "_OR"):
        return None
    advice = f"name the text or the value first: {before} completion {found} …"
    return Told("RW101", f"what '{found}' looks at is missing", found.span, advice)


def of_for_in(place: Place) -> Told | None:
    """`first line of completion`."""
    if place.found is None or place.found != "of" or "_IN" not in place.all_expected:
        return None
    fix = instead(place.found.span, "in", safe=False)
    return Told("RW101", "where it is looked for stands after 'in'", place.found.span, "write 'in'", None, fix)


def name_of_words(place: Place) -> Told | None:
    """`section Result and reasoning`; `column low number`."""
    if place.found is None or len(place.recent) < 2 or place.on_new_line or not re.match(r"[^\W\d]", place.found):
        return None
    definer, name = place.recent[-2:]
    if name.type != "NAME" or definer.type not in _NAMERS:
        return None
    if definer.type in ("_COLUMN", "_PARAM") and place.found in _TYPES:
        fix = instead(Span(name.span.end, place.found.span.start), ": ", safe=True)
        advice = f"write: {definer} {name}: {place.found}"
        return Told("RW101", f"a colon is missing before '{place.found}'", place.found.span, advice, None, fix)
    words = _NAME_WORDS.match(place.source.text, name.span.start)
    assert words is not None
    span = Span(*words.span())
    joined = "_".join(words[0].split())
    if joined == name:
        return None
    return Told("RW101", "a name is one word", span, f"join its words: {joined}")


def missing_with(place: Place) -> Told | None:
    """`example "right" answer = 5`: the values of a row without `with`."""
    opening = _first(place)
    if opening is None or opening.type != "EXAMPLE" or "_WITH" not in place.all_expected:
        return None
    if place.found is None or place.found.type != "NAME":
        return None
    if not re.compile(r"\s*=").match(place.source.text, place.found.span.end):
        return None
    fix = instead(Span(place.start, place.start), "with ", safe=True)
    return Told("RW101", "a value of the row stands after 'with'", place.found.span, f"write: with {place.found} = …", None, fix)


def expected_score(place: Place) -> Told | None:
    """`expect score 1`."""
    if place.before is None or place.before.type != "_SCORE" or "_EQ" not in place.expected or place.found is None:
        return None
    if place.found.type not in ("NUMBER", "MINUS"):
        return None
    return Told("RW101", f"'=' is missing before '{place.found}'", place.found.span, "write: expect score = …, at least …, at most …")


def gate_without_else(place: Place) -> Told | None:
    """`require holding`, and nothing about rows that fail it."""
    opening = _first(place)
    if opening is None or opening.type != "_REQUIRE" or "_ELSE" not in place.expected or not place.ends_early:
        return None
    span = Span(opening.span.start, opening.span.end)
    advice = "end it with 'else score -1' for a completion that fails it, or 'else skip' for a row of data that cannot be used"
    return Told("RW101", "nothing says what happens to a row that fails this", span, advice)


def promise_about_a_name(place: Place) -> Told | None:
    """`guarantee right outweighs brief`."""
    if place.before is None or place.before.type not in ("_GUARANTEE", "_OUTWEIGHS") or place.found is None or place.found.type != "NAME":
        return None
    advice = f"say what it is: rule {place.found}, or section {place.found}"
    return Told("RW101", f"whether '{place.found}' is a rule or a section is not said", place.found.span, advice)


def _first(place: Place) -> Leaf | None:
    """The word with which the unfinished statement began."""
    values = place.parser.values[place.base :]
    return values[0] if values and isinstance(values[0], Leaf) else None


QUESTIONS: tuple[Callable[[Place], Told | None], ...] = (
    stray_sign,
    sign_of_a_definition,
    missing_comma,
    percent,
    per,
    group_of_a_list,
    case_in_brackets,
    nothing_before_a_verb,
    of_for_in,
    missing_with,
    expected_score,
    gate_without_else,
    promise_about_a_name,
    name_of_words,
)
