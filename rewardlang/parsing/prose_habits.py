"""Conditions as people say them: `the answer`, `does not contain`, `contains any of "x", "y"`, `at least 2 citations`.

Each habit is a pattern of the words around the place where reading stopped,
and what to write instead. `syntax_mistakes` asks here first, since a word that
does not fit here is rarely a misspelt one.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rewardlang.errors import instead
from rewardlang.parsing.mistake_place import Place, Told
from rewardlang.record import NamedTuple
from rewardlang.source import Span

_THING = r"(?P<thing><\w+>|[^\W\d]\w*)"
_TEXT = r"(?P<text>[^\W\d]\w*)"
_ONE = r"(?:an?|the|any|some)(?! of\b)"
_AMOUNT = r"(?P<amount>at least|at most|more than|less than|fewer than|exactly) (?P<number>\d+|an?|one|two|three|four|five)"
_VERB = r"(?P<verb>contains|equals|starts with|ends with)"
_NUMBERS = {"a": "1", "an": "1", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
_DENIED = {"contain": "contains", "include": "contains", "mention": "contains", "have": "contains", "equal": "equals",
           "match": "matches", "start": "starts with", "end": "ends with"}  # fmt: skip
_REACH = 120


class _Habit(NamedTuple):
    pattern: re.Pattern[str]
    message: str
    help: Callable[[dict[str, str]], str] | str
    code: str = "RW101"


def as_people_say_it(place: Place) -> Told | None:
    """The first habit whose words stand around the place."""
    begin = max(place.begin, place.start - _REACH)
    words = place.source.text[begin : min(place.rest_of_line().end, place.start + _REACH)]
    for habit in _HABITS:
        for match in habit.pattern.finditer(words):
            if match.start() <= place.start - begin <= match.end():
                named = {name: value or "" for name, value in match.groupdict().items()}
                span = Span(begin + match.start(), begin + match.end())
                advice = habit.help if isinstance(habit.help, str) else habit.help(named)
                return Told(habit.code, habit.message.format_map(named), span, advice)
    return _article(place)


def _article(place: Place) -> Told | None:
    """`when the completion contains "x"`: `the` was taken for a name."""
    before, found = place.before, place.found
    if before is None or found is None or before.type != "NAME" or before not in ("the", "a", "an") or place.on_new_line:
        return None
    values = rf"\b(?:let|column|param|list|pattern|define) {before}\b"
    if re.search(values, place.source.text) or place.source.text[: before.span.start].endswith(("rule ", "section ", "reward ")):
        return None
    fix = instead(Span(before.span.start, found.span.start), "", safe=True)
    return Told("RW101", f"there are no articles: '{before}' would be a name", before.span, f"leave out '{before}'", None, fix)


def _single(thing: str) -> str:
    return thing[:-1] if thing.endswith("s") and not thing.endswith("ss") else thing


def _counted(named: dict[str, str]) -> str:
    number = _NUMBERS.get(named["number"], named["number"])
    amount = "=" if named["amount"] == "exactly" else f"is {named['amount'].replace('fewer', 'less')}"
    return f"count them: count of {_single(named['thing'])} in {named['text'] or 'completion'} {amount} {number}"


def _some(named: dict[str, str]) -> str:
    return f"count them: count of {_single(named['thing'])} in {named['text'] or 'completion'} is at least 1"


def _each_in_full(named: dict[str, str]) -> str:
    test = f'{named["text"]} {named["verb"]} "…"'
    return f"say each test in full: any of ({test}; {test}), or all of (…)"


def _denied(named: dict[str, str]) -> str:
    return f"'not' stands before the test: not {named['text']} {_DENIED[named['verb']]} …"


def _shorter(named: dict[str, str]) -> str:
    amount = "less" if named["how"] in ("shorter", "smaller", "fewer") else "more"
    return f"say what is counted: count of word in {named['text']} is {amount} than …, or length({named['text']}) for characters"


def _habit(pattern: str, message: str, advice: Callable[[dict[str, str]], str] | str, code: str = "RW101") -> _Habit:
    return _Habit(re.compile(pattern), message, advice, code)


_HABITS = (
    _habit(rf"\bthere (?:is|are) (?:{_ONE} )?{_THING} in {_TEXT}", "'there is' is no test", _some),
    _habit(rf"\b{_TEXT} contains {_AMOUNT} {_THING}", "'contains' looks for a text, and does not count", _counted),
    _habit(rf"\b(?:when|and|or|not|where) {_AMOUNT} (?!of\b){_THING} in {_TEXT}", "what is counted stands before the number", _counted),
    _habit(rf"\b{_TEXT} contains {_ONE} {_THING}", "'contains' looks for a text", _some),
    _habit(
        rf"\b{_TEXT} (?:does not|doesn't|do not|don't|did not) (?P<verb>contain|include|mention|have|equal|match|start|end)\b",
        "a test is not denied in its middle",
        _denied,
    ),
    _habit(rf'\b{_TEXT} {_VERB} (?:any|all|one|either|both)(?: of)? ?', "'{verb}' takes one text", _each_in_full),
    _habit(rf'\b{_TEXT} {_VERB} "[^"\n]*" ?, ?"', "'{verb}' takes one text", _each_in_full),
    _habit(
        rf"\b{_TEXT} {_VERB} no\b", "a test is not denied in its middle", lambda named: f"write: not {named['text']} {named['verb']} …"
    ),
    _habit(r"\bbut(?: not)?\b", "'but' is not a word of this language", "write 'and', and the whole test: … and not completion contains …"),
    _habit(
        r"\b(?:when|and|or|not) (?P<verb>starts|ends) with\b",
        "what '{verb} with' looks at is missing",
        lambda named: f"name the text: completion {named['verb']} with …",
    ),
    _habit(
        rf"\b(?!when\b|and\b|or\b|not\b|where\b){_THING} count of {_TEXT}",
        "what is counted stands after 'count of'",
        lambda named: f"write: count of {_single(named['thing'])} in {named['text']}",
    ),
    _habit(
        rf"\b(?:number|amount) of {_THING} in {_TEXT}",
        "things are counted by 'count of'",
        lambda named: f"write: count of {_single(named['thing'])} in {named['text']}",
    ),
    _habit(
        rf"\b(?:length|size) of {_TEXT}",
        "what is measured is not said",
        lambda named: f"count of word in {named['text']} counts words, length({named['text']}) characters",
    ),
    _habit(
        r"(?<!only )(?<!first )(?<!last )(?<!every )\b(?P<what>text (?:after|between)|match of)\b",
        "which '{what}' is meant is not said",
        lambda named: f"write 'only {named['what']} … in …' for exactly one; first, last and every also exist",
        "RW105",
    ),
    _habit(r"\bfor (?P<word>every|all|any)\b", "'for {word}' is not a word of this language", "write 'for each … in …, up to 1 point'"),
    _habit(
        r"\bup to (?P<number>[\d.]+) points? when\b",
        "'up to' goes with a measure",
        lambda named: f"for a condition: award {named['number']} point when …; for a measure: award up to … scaled by ramp(…)",
    ),
    _habit(
        rf"\b{_TEXT} is (?P<how>shorter|longer|smaller|greater|larger|bigger|fewer) than\b", "'is {how} than' is not a test", _shorter
    ),
    _habit(
        rf"\b{_TEXT} is (?P<denied>not )?(?:equal|identical|the same)\b(?: to| as)?",
        "equality is written 'equals'",
        lambda named: f"write: {'not ' if named['denied'] else ''}{named['text']} equals …",
    ),
    _habit(
        rf"\b{_TEXT} is (?P<value>true|false)\b",
        "'is {value}' is not a test",
        lambda named: f"what is true or false is a test itself: {'not ' if named['value'] == 'false' else ''}{named['text']}",
    ),
    _habit(
        rf"\b{_TEXT}\.(?P<verb>contains|startswith|endswith|count|lower|strip|split)\b",
        "there are no methods",
        lambda named: f'tests are written out: {named["text"]} contains "…", starts with "…", ignoring case',
    ),
)  # fmt: skip
