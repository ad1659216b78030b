"""What to say where a word does not fit: the mistake in the reader's words, and the repair when the meaning is plain.

`describe` looks at the place through a list of questions, the most telling
first; the first answer is the message. If none has one, `expected_words` says
what was expected, after what, and what was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rewardlang.errors import instead
from rewardlang.parsing.expected_words import expected
from rewardlang.parsing.mistake_place import Place, Repair, Told, phrases_of
from rewardlang.parsing.parse_table import END
from rewardlang.parsing.tree_nodes import Branch, Leaf
from rewardlang.parsing.words import EQUIVALENT, FOREIGN
from rewardlang.source import Span
from rewardlang.suggest import nearest

_WORDS = re.compile(r"[^\W\d]\w*")
_NO_PREDICATE = frozenset(("NUMBER", "PERCENT", "QUANTITY", "TRUE", "FALSE", "_OPEN", "MINUS", "BAD_NUMBER", "EQUALS", "_EQ", "COMPARE"))
_PREDICATES = frozenset(("_PRESENT", "_MISSING", "_WITHIN", "_BETWEEN", "_AT_LEAST", "_AT_MOST", "_MORE_THAN", "_LESS_THAN"))
_DEFINERS = frozenset(("_COLUMN", "_PARAM", "_LIST", "_PATTERN", "_DEFINE", "_LET", "_SECTION", "_RULE", "_AS", "_WITH", "_REWARD"))


def describe(place: Place) -> Told:
    """The message for a place where the text does not fit."""
    from rewardlang.parsing.habits import QUESTIONS
    from rewardlang.parsing.prose_habits import as_people_say_it

    for question in (*_SURE, as_people_say_it, *_QUESTIONS, *QUESTIONS):
        told = question(place)
        if told is not None:
            return told
    return expected(place)


# ---------------------------------------------------------------- questions, the most telling first


def _second_head(place: Place) -> Told | None:
    if place.found is None or place.found.type not in ("_REWARDLANG", "_REWARD") or not place.base or not place.on_new_line:
        return None
    return Told("RW101", f"'{place.found}' starts a file, and this file has begun", place.found.span, "one file holds one reward")


def _open_text(place: Place) -> Told | None:
    text, start = place.source.text, place.start
    before = place.before
    if before == '""' and before.span.end == start and text.startswith('"', start):
        start -= 2
    if text.startswith('"""', start):
        return Told("RW103", 'this text is opened with """ and never closed', Span(start, start + 3), 'end it with """')
    if text[start : start + 1] not in ('"', "“", "”", "„", "«", "'") or (place.found is not None and place.found.type.endswith("STRING")):
        return None
    span = place.rest_of_line()
    curly = text[start] == '"' and any(mark in text[span.start : span.end] for mark in "“”»")
    extra = "; the mark at its end is a curly one" if curly else ""
    advice = 'end it with " on the same line; a text of several lines stands between """ and """'
    return Told("RW103", f"this text is not closed on its line{extra}", span, advice)


def _wrong_character(place: Place) -> Told | None:
    if place.found is not None:
        return None
    character = place.source.text[place.start]
    span = Span(place.start, place.start + 1)
    if character == "<":
        return Told("RW101", "'<' does not start a tag or a comparison here", span, "a tag is written <answer>: letters, no spaces")
    if character == "/":
        advice = "a pattern stands between two slashes on one line, after 'matches', 'match of' or 'pattern NAME ='"
        return Told("RW101", "'/' does not start a pattern here", span, advice)
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
    if before.type not in _DEFINERS:
        return None
    message, advice = f"'{found}' is a word of the language and cannot be a name", f"choose another name, for example {found}_value"
    return Told("RW108", message, found.span, advice, Repair("NAME", found.span, str(found)))


def _foreign_word(place: Place) -> Told | None:
    found = place.found
    if found is None or found.lower() not in FOREIGN or found.type == "NUMBER":
        return None
    ours = EQUIVALENT.get(found.lower(), "")
    terminal = phrases_of(place.parser, place.all_expected).get(ours)
    if terminal is None:
        return Told("RW101", f"'{found}' is not a word of this language", found.span, FOREIGN[found.lower()])
    return Told(
        "RW101",
        f"'{found}' is not a word of this language",
        found.span,
        f"write '{ours}'",
        Repair(terminal, found.span, ours),
        instead(found.span, ours, safe=False),
    )


def _split_quantity(place: Place) -> Told | None:
    found, before = place.found, place.before
    if found is None or before is None or before.type != "NUMBER" or found.type != "NAME" or not place.on_new_line:
        return None
    if "STAR" not in place.all_expected or place.source.position(found.span.start).column == 1:
        return None
    unit = re.split(r"[\s#]", place.source.text[place.start : place.start + 40], maxsplit=1)[0]
    span = Span(before.span.start, found.span.end)
    return Told("RW109", "a number and its unit stand on one line", span, f"write {before} {unit} on one line")


def _misspelt_unit(place: Place) -> Told | None:
    """`final = 1 adn x`: the lexer took `adn` for a unit."""
    before = place.before
    if before is None or before.type != "QUANTITY":
        return None
    unit = before.lstrip("0123456789. \t")
    span = Span(before.span.end - len(unit), before.span.end)
    found = nearest(unit, phrases_of(place.parser, place.all_expected), limit=1)
    return (
        Told("RW102", f"'{unit}' is not a unit", span, f"did you mean '{found[0]}'?", None, instead(span, found[0], safe=False))
        if found
        else None
    )


def _misspelt(place: Place) -> Told | None:
    if place.found is None or not _WORDS.match(place.found):
        return None
    text = place.source.text
    words = list(_WORDS.finditer(text, place.start, min(len(text), place.start + 80)))[:4]
    phrases = phrases_of(place.parser, place.all_expected)
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
            repair = Repair(phrases[near[0]], span, near[0])
            # a word of the language in a wrong place is not misspelt: what stands before it is
            fix = instead(span, near[0], safe=place.found.type == "NAME") if len(near) == 1 else None
            return Told("RW102", f"'{' '.join(written)}' is not known here", span, f"did you mean {shown}?", repair, fix)
    return None


def _each_near(written: list[str], phrase: list[str]) -> bool:
    return all(one == other or nearest(one, [other]) for one, other in zip(written, phrase, strict=True))


def _misspelt_before(place: Place) -> Told | None:
    """`let x = frist <a> in y`: a misspelt word was taken for a name, and what follows it does not fit."""
    for leaf in reversed(place.recent[-4:]):
        if leaf.type != "NAME" or len(leaf) < 3 or leaf.span.start < place.begin:
            continue
        if len(re.findall(rf"\b{re.escape(leaf)}\b", place.source.text)) > 1:
            continue
        near = nearest(leaf, ("first", "last", "only", "every", "count", "share", "not", "some", "none", "match", "text"), limit=1)
        if near:
            return Told(
                "RW102",
                f"'{leaf}' is not known here",
                leaf.span,
                f"did you mean '{near[0]}'?",
                None,
                instead(leaf.span, near[0], safe=False),
            )
    return None


def _unknown_selector(place: Place) -> Told | None:
    """`exactly <answer> in completion`: the word was taken for a value, and the tag for comparisons."""
    if place.found is None or place.found.type != "_IN" or len(place.recent) < 4:
        return None
    word, opening, tag, closing = place.recent[-4:]
    if (word.type, opening, tag.type, closing) != ("NAME", "<", "NAME", ">"):
        return None
    shown = f"<{tag}>"
    advice = f"'only {shown} in …' finds exactly one; first, last, every and 'count of' also exist"
    return Told("RW105", f"'{word}' does not say which {shown} is meant", word.span, advice)


def _pattern(place: Place) -> Told | None:
    if place.source.text[place.start : place.start + 1] != "/" or place.before is None:
        return None
    if "REGEX" in place.expected:
        return Told("RW103", "this pattern is not closed on its line", place.rest_of_line(), "end it with /")
    if (place.found is not None and place.found.type == "REGEX") or "NUMBER" in place.expected:
        return Told("RW101", "a pattern cannot stand here", place.span, "a pattern stands after 'matches', 'match of' or 'pattern NAME ='")
    return None


def _misplaced_selector(place: Place) -> Told | None:
    """`word in memo is …`: the value before `in` has no word for which one."""
    values = place.parser.values[place.base :]
    if place.found is None or len(values) < 3 or getattr(values[-2], "type", "") != "_IN":
        return None
    if not isinstance(values[-3], Branch) or values[-3].data not in ("name", "mistake_tag"):
        return None
    words = place.source.cut(values[-3].span)
    advice = f"write 'only {words} in …', or first, last, every, count of; to ask whether it is one of several: '{words} is in …'"
    return Told("RW105", f"which '{words}' is meant is not said", values[-3].span, advice)


def _bare_reason(place: Place) -> Told | None:
    """`because one answer only`: the reason without its quotation marks, to the end of the line."""
    if place.before is None or place.before.type != "_BECAUSE" or place.on_new_line or place.found is None:
        return None
    span = place.rest_of_line()
    words = place.source.cut(span)
    if not _WORDS.match(words):
        return None
    plain = not set(words) & set('"“”„«»\\#')
    fix = instead(span, f'"{words}"', safe=True) if plain else None
    repair = Repair("STRING", span, f'"{words}"') if plain else None
    return Told("RW101", "the reason after 'because' stands in quotation marks", span, f'write "{words}"' if plain else None, repair, fix)


def _missing_is(place: Place) -> Told | None:
    if place.found is None or place.found.type not in _PREDICATES or "_IS" not in place.expected:
        return None
    fix = instead(place.span, f"is {place.found}", safe=True)
    return Told("RW101", f"'is' is missing before '{place.found}'", place.span, f"write 'is {place.found}'", None, fix)


def _missing_name(place: Place) -> Told | None:
    """`section at least 0`: `at` was taken for the name."""
    if place.found is None or len(place.recent) < 2 or place.recent[-1].type != "NAME" or place.recent[-2].type not in _DEFINERS:
        return None
    phrase = f"{place.recent[-1]} {place.found}"
    known = (" ".join((first, *rest)) for first, entries in place.parser.table.phrases.items() for _, rest in entries)
    if phrase not in known:
        return None
    span = Span(place.recent[-1].span.start, place.found.span.end)
    return Told("RW101", f"expected a name after '{place.recent[-2]}', found '{phrase}'", span)


def _bare_score(place: Place) -> Told | None:
    if place.before is None or place.before.type != "_SCORE" or "_BETWEEN" not in place.expected or "_EQ" in place.expected:
        return None
    advice = "the range of the score: 'score between 0 and 1'; a promise starts with 'guarantee', an expectation with 'expect'"
    return Told("RW101", f"expected 'between' or 'clamped' after 'score', found '{place.found}'", place.span, advice)


def _bare_list(place: Place) -> Told | None:
    if place.found is None or place.found.type != "_SEMICOLON" or "_CLOSE" not in place.expected:
        return None
    advice = "before the bracket of a list of tests stands 'all of', 'any of', 'none of' or 'at least 2 of'"
    return Told("RW101", "this bracket holds one test, and ';' separates several", place.span, advice)


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
    advice = f"write {before}{digits[0][1:]}, or {before}.{digits[0][1:]} if the comma is a decimal point"
    return Told("RW121", "a number in a file has no comma", written, advice)


def _is_value(place: Place) -> Told | None:
    before, found = place.before, place.found
    if before is None or found is None or before.type not in ("_IS", "NOT") or "_PRESENT" not in place.expected:
        return None
    if found.type not in _NO_PREDICATE:
        return None
    span = Span(before.span.start, found.span.end)
    words = "present, missing, in, at least, at most, more than, less than, between, within"
    return Told("RW101", f"'is {found}' is not a test", span, f"write 'x equals y' or 'x = 3'; after 'is': {words}")


_SURE: tuple[Callable[[Place], Told | None], ...] = (_second_head, _bare_reason, _open_text)
_QUESTIONS: tuple[Callable[[Place], Told | None], ...] = (
    _pattern,
    _wrong_character,
    _foreign_word,
    _reserved_as_name,
    _misspelt_unit,
    _split_quantity,
    _misspelt,
    _number_with_comma,
    _open_bracket,
    _is_value,
    _missing_is,
    _missing_name,
    _misplaced_selector,
    _bare_score,
    _bare_list,
    _misspelt_before,
    _unknown_selector,
)
