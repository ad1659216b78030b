"""What to say where a word does not fit: the mistake in the reader's words, and the repair when the meaning is plain.

`describe` looks at the place through a list of questions, the most telling
first; the first answer is the message. The last one always answers: what was
expected, after what, and what was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from rewardlang.parse_table import END, Parser
from rewardlang.source import Source, Span
from rewardlang.suggest import nearest
from rewardlang.tree_nodes import Leaf
from rewardlang.words import CONTINUATIONS, FOREIGN, HIDDEN, SHAPES, STARTER_TERMINALS

_WORDS = re.compile(r"[^\W\d]\w*")
_VALUE = frozenset(("NUMBER", "STRING", "NAME"))


@dataclass(frozen=True)
class Repair:
    """Reading on as if these words were a word of the language."""

    terminal: str
    span: Span


@dataclass(frozen=True)
class Told:
    """One message; `repair` when the file can be read on from here."""

    code: str
    message: str
    span: Span
    help: str | None = None
    label: str = ""
    repair: Repair | None = None


@dataclass(frozen=True)
class Place:
    """Where the parser stopped: `found` is the best guess at what stands there, None for a character of no word."""

    source: Source
    parser: Parser
    start: int
    found: Leaf | None
    recent: tuple[Leaf, ...]
    base: int

    @cached_property
    def all_expected(self) -> frozenset[str]:
        """The terminals that would be taken here."""
        return frozenset(name for name in self.parser.accepted if not name.strip("_$")[:1].islower() and self.parser.would_accept(name))

    @cached_property
    def expected(self) -> frozenset[str]:
        """Those of them that messages name."""
        return self.all_expected - HIDDEN

    @property
    def before(self) -> Leaf | None:
        """The last leaf of the same statement, if there is one."""
        return self.recent[-1] if self.recent and len(self.parser.spans) > self.base else None

    @property
    def span(self) -> Span:
        if self.found is not None and self.found.type != END:
            return self.found.span
        return Span(self.start, min(self.start + 1, len(self.source.text)))

    @property
    def ends_early(self) -> bool:
        """Whether the file or the next statement begins here."""
        return self.found is not None and (self.found.type == END or self.found.type in STARTER_TERMINALS and self.on_new_line)

    @property
    def on_new_line(self) -> bool:
        return self.before is None or "\n" in self.source.text[self.before.span.end : self.start]

    def rest_of_line(self) -> Span:
        end = self.source.text.find("\n", self.start)
        end = len(self.source.text) if end < 0 else end
        return Span(self.start, self.start + max(1, len(self.source.text[self.start : end].rstrip())))


def describe(place: Place) -> Told:
    """The message for a place where the text does not fit."""
    for question in _QUESTIONS:
        told = question(place)
        if told is not None:
            return told
    return _expected(place)


# ---------------------------------------------------------------- questions, the most telling first


def _open_text(place: Place) -> Told | None:
    text, start = place.source.text, place.start
    if text.startswith('"""', start):
        return Told("RW103", 'this text is opened with """ and never closed', Span(start, start + 3), 'end it with """')
    if text[start : start + 1] not in ('"', "“", "”", "„", "«", "'") or (place.found is not None and place.found.type.endswith("STRING")):
        return None
    span = place.rest_of_line()
    curly = text[start] == '"' and any(mark in text[span.start : span.end] for mark in "“”»")
    extra = "; the mark at its end is a curly one" if curly else ""
    return Told("RW103", f"this text is not closed on its line{extra}", span, 'end it with " on the same line; a text of several lines stands between """ and """')


def _wrong_character(place: Place) -> Told | None:
    if place.found is not None:
        return None
    character = place.source.text[place.start]
    span = Span(place.start, place.start + 1)
    if character == "<":
        return Told("RW101", "'<' does not start a tag or a comparison here", span, "a tag is written <answer>: letters, no spaces")
    if character == "/":
        return Told("RW101", "'/' does not start a pattern here", span, "a pattern stands between two slashes on one line, after 'matches', 'match of' or 'pattern NAME ='")
    helps = {
        "{": "there are no braces: every statement starts with its own word",
        "}": "there are no braces: every statement starts with its own word",
        "$": "amounts carry no currency sign: write the number",
        "–": "for minus, write -",
        "—": "for minus, write -",
        "^": "there are no powers; multiply instead: x * x",
        "\\": "a backslash stands only inside a text or a pattern",
        "`": 'a text stands between straight quotation marks: "…"',
        "@": None,
    }
    named = character if character.isprintable() else f"U+{ord(character):04X}"
    return Told("RW115", f"the character '{named}' has no meaning here", span, helps.get(character))


def _reserved_as_name(place: Place) -> Told | None:
    found, before = place.found, place.before
    if found is None or before is None or found.type in ("NAME", END) or not _WORDS.fullmatch(found):
        return None
    if place.expected != {"NAME"} or place.ends_early:
        return None
    if before.type not in ("_COLUMN", "_PARAM", "_LIST", "_PATTERN", "_DEFINE", "_LET", "_SECTION", "_RULE", "_AS", "_WITH", "_REWARD"):
        return None
    return Told("RW108", f"'{found}' is a word of the language and cannot be a name", found.span, f"choose another name, for example {found}_value", repair=Repair("NAME", found.span))


def _foreign_word(place: Place) -> Told | None:
    found = place.found
    if found is None or found.lower() not in FOREIGN or found.type == "NUMBER":
        return None
    return Told("RW101", f"'{found}' is not a word of this language", found.span, FOREIGN[found.lower()])


def _split_quantity(place: Place) -> Told | None:
    found, before = place.found, place.before
    if found is None or before is None or before.type != "NUMBER" or found.type != "NAME" or not place.on_new_line:
        return None
    if not place.all_expected & CONTINUATIONS or place.source.position(found.span.start).column == 1:
        return None
    return Told("RW109", "a number and its unit stand on one line", Span(before.span.start, found.span.end), f"write {before} {found} on one line")


def _misspelt_unit(place: Place) -> Told | None:
    """`final = 1 adn x`: the lexer took `adn` for a unit."""
    before = place.before
    if before is None or before.type != "QUANTITY":
        return None
    unit = before.lstrip("0123456789. \t")
    span = Span(before.span.end - len(unit), before.span.end)
    found = nearest(unit, _phrases(place.parser, place.all_expected), limit=1)
    return Told("RW102", f"'{unit}' is not a unit", span, f"did you mean '{found[0]}'?") if found else None


def _misspelt(place: Place) -> Told | None:
    if place.found is None or not _WORDS.match(place.found):
        return None
    text = place.source.text
    words = list(_WORDS.finditer(text, place.start, min(len(text), place.start + 80)))[:4]
    phrases = _phrases(place.parser, place.all_expected)
    for count in range(min(4, len(words)), 0, -1):
        written = [word[0] for word in words[:count]]
        gaps = text[place.start : words[count - 1].end()]
        if _WORDS.sub("", gaps).strip():
            continue
        candidates = [phrase for phrase in phrases if len(phrase.split()) == count]
        near = [phrase for phrase in nearest(" ".join(written), candidates) if _each_near(written, phrase.split())]
        if near:
            span = Span(place.start, words[count - 1].end())
            shown = " or ".join(f"'{phrase}'" for phrase in near)
            return Told("RW102", f"'{' '.join(written)}' is not known here", span, f"did you mean {shown}?", repair=Repair(phrases[near[0]], span))
    return None


def _each_near(written: list[str], phrase: list[str]) -> bool:
    return all(one == other or nearest(one, [other]) for one, other in zip(written, phrase, strict=True))


def _misspelt_before(place: Place) -> Told | None:
    """`let x = frist <a> in y`: a misspelt word was taken for a name, and what follows it does not fit."""
    for leaf in reversed(place.recent[-4:]):
        if leaf.type != "NAME" or len(leaf) < 3 or leaf.span.start < place.parser.spans[min(place.base, len(place.parser.spans) - 1)].start:
            continue
        if len(re.findall(rf"\b{re.escape(leaf)}\b", place.source.text)) > 1:
            continue
        near = nearest(leaf, ("first", "last", "only", "every", "count", "share", "not", "some", "none", "match", "text"), limit=1)
        if near:
            return Told("RW102", f"'{leaf}' is not known here", leaf.span, f"did you mean '{near[0]}'?")
    return None


def _open_bracket(place: Place) -> Told | None:
    opened = [leaf for leaf in place.parser.values[place.base :] if isinstance(leaf, Leaf) and leaf.type in ("_OPEN", "_OPEN_LIST")]
    found = place.found
    if found is not None and found.type in ("_CLOSE", "_CLOSE_LIST") and found.type not in place.expected:
        if not opened:
            return Told("RW122", f"'{found}' closes a bracket that was never opened", found.span, "delete it, or open a bracket before")
        want = ")" if opened[-1].type == "_OPEN" else "]"
        if found != want:
            return Told("RW122", f"'{opened[-1]}' is closed by '{found}'", found.span, f"write {want}")
        return None
    if opened and place.ends_early:
        want = ")" if opened[-1].type == "_OPEN" else "]"
        return Told("RW122", f"this '{opened[-1]}' is never closed", opened[-1].span, f"write {want} where the list or the group ends")
    return None


def _number_with_comma(place: Place) -> Told | None:
    before, found = place.before, place.found
    if before is None or found is None or found != "," or before.type != "NUMBER":
        return None
    digits = re.match(r",\d+", place.source.text[place.start : place.start + 20])
    if digits is None or before.span.end != place.start:
        return None
    written = Span(before.span.start, place.start + digits.end())
    return Told("RW121", "a number in a file has no comma", written, f"write {before}{digits[0][1:]}, or {before}.{digits[0][1:]} if the comma is a decimal point")


def _is_value(place: Place) -> Told | None:
    before, found = place.before, place.found
    if before is None or found is None or before.type not in ("_IS", "NOT") or "_PRESENT" not in place.expected:
        return None
    if found.type in ("NUMBER", "PERCENT", "QUANTITY", "TRUE", "FALSE", "_OPEN", "MINUS", "BAD_NUMBER") or found.type in ("EQUALS", "_EQ", "COMPARE"):
        return Told("RW101", f"'is {found}' is not a test", Span(before.span.start, found.span.end), "write 'x equals y' or 'x = 3'; after 'is': present, missing, in, at least, at most, more than, less than, between, within")
    return None


_QUESTIONS: tuple[Callable[[Place], Told | None], ...] = (
    _open_text,
    _wrong_character,
    _foreign_word,
    _reserved_as_name,
    _misspelt_unit,
    _split_quantity,
    _misspelt,
    _number_with_comma,
    _open_bracket,
    _is_value,
    _misspelt_before,
)

# ---------------------------------------------------------------- the last answer: what was expected


def _expected(place: Place) -> Told:
    wanted = _in_words(place)
    found = place.found
    if place.before is None:
        shown = "the end of the file" if found is None or found.type == END else f"'{_short(found)}'"
        return Told("RW101", f"a statement cannot start with {shown}", place.span, "statements start with column, let, require, section, rule, score, example and a few more words")
    where = f"after '{_short(place.before)}'"
    if place.ends_early:
        what = "the file ends" if found is not None and found.type == END else "the statement ends"
        return Told("RW101", f"{what} too early: expected {wanted} {where}", place.before.span)
    shown = _short(found) if found is not None else place.source.text[place.start]
    if not wanted:
        return Told("RW101", f"'{shown}' does not fit {where}", place.span, "the statement could end here; the next one starts with its own word")
    return Told("RW101", f"expected {wanted} {where}, found '{shown}'", place.span)


def _in_words(place: Place) -> str:
    names = set(place.expected)
    words: list[str] = []
    if "_SHARE_OF" in names:
        words.append("a test or a value" if "SOME" in names else "a value")
        names = {name for name in names if name in ("_CLOSE", "_CLOSE_LIST")}
    elif names & CONTINUATIONS or "_LET" in names or END in names:
        names -= CONTINUATIONS | STARTER_TERMINALS | {END, "_COMMA", "_SEMICOLON"} if "_LET" in names else CONTINUATIONS | {END}
    elif _VALUE <= names:
        words.append("a value")
        names -= {"NUMBER", "STRING", "NAME", "PERCENT", "QUANTITY", "TRUE", "FALSE", "MINUS", "_OPEN_LIST"}
    elif "NUMBER" in names:
        names -= {"MINUS"}
    words += sorted(_name(name, place.parser) for name in names)
    return _list(words)


def _name(terminal: str, parser: Parser) -> str:
    if terminal in SHAPES:
        return SHAPES[terminal]
    for phrase, name in _phrases(parser, (terminal,)).items():
        if name == terminal:
            return f"'{phrase}'"
    return f"'{parser.table.others[terminal][0]}'"


def _phrases(parser: Parser, terminals: Iterable[str]) -> dict[str, str]:
    """Phrase → terminal, of the given terminals."""
    wanted = set(terminals)
    return {
        " ".join((first, *rest)): name for first, entries in parser.table.phrases.items() for name, rest in entries if name in wanted
    }


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}" if words else ""


def _short(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line if line == text and len(line) <= 40 else f"{line[:37]}…"
