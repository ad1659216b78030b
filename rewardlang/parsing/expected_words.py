"""The answer to any word that does not fit: what was expected, in the reader's words."""

from __future__ import annotations

from rewardlang.parsing.mistake_place import Place, Told, phrases_of
from rewardlang.parsing.parse_table import END, Parser
from rewardlang.parsing.words import AFTER_TEST, AFTER_VALUE, SHAPES, STARTER_TERMINALS

_ANY_VALUE = frozenset(("NUMBER", "STRING", "NAME"))
_LITERAL = frozenset(("NUMBER", "STRING", "TRUE"))


def expected(place: Place) -> Told:
    """What could stand here, after what, and what was found."""
    found, before = place.found, place.before
    shown = _short(found) if found is not None else place.source.text[place.start]
    if before is None:
        shown = "the end of the file" if found is None or found.type == END else f"'{shown}'"
        advice = "statements start with column, let, require, section, rule, score, example and a few more words"
        return Told("RW101", f"a statement cannot start with {shown}", place.span, advice)
    wanted = _in_words(place)
    where = f"after '{_short(before)}'"
    if END in place.expected:
        more = f", or go on with {wanted}" if wanted else ""
        return Told("RW101", f"'{shown}' does not fit {where}", place.span, f"the statement could end here{more}")
    if place.ends_early:
        what = "the file ends" if found is not None and found.type == END else "the statement ends"
        return Told("RW101", f"{what} too early: expected {wanted} {where}", before.span)
    return Told("RW101", f"expected {wanted} {where}, found '{shown}'", place.span)


def _in_words(place: Place) -> str:
    names = set(place.expected)
    words: list[str] = []
    if "_SHARE_OF" in names:
        words.append("a test or a value" if "SOME" in names else "a value")
        names &= {"_CLOSE", "_CLOSE_LIST"}
    elif names >= _ANY_VALUE:
        words.append("a value")
        names &= {"_CLOSE", "_CLOSE_LIST"}
    elif "STAR" in names:
        names -= AFTER_VALUE
        names -= AFTER_TEST if "COMPARE" in names else {"COMPARE"}
    elif names >= _LITERAL:
        words.append('a value written out, such as 3, 20 kg, "yes" or true')
        names &= {"_CLOSE", "_CLOSE_LIST"}
    elif "_LIST_OF" in names:
        words.append("a type, such as text, number or list of text")
        names.clear()
    elif "NUMBER" in names:
        names -= {"MINUS"}
    if END in names:
        names -= STARTER_TERMINALS | {END}
    return _list(words + sorted(_name(name, place.parser) for name in names))


def _name(terminal: str, parser: Parser) -> str:
    if terminal in SHAPES:
        return SHAPES[terminal]
    for phrase, name in phrases_of(parser, (terminal,)).items():
        if name == terminal:
            return f"'{phrase}'"
    return f"'{parser.table.others[terminal][0]}'"


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}" if words else ""


def _short(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line if line == text and len(line) <= 40 else f"{line[:37]}…"
