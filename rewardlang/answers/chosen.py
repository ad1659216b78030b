r"""Which letters a text chooses in a test with several options.

Letters that stand by themselves are looked at in their places. What is said of them (`the answer is B`, `B is correct`,
`\boxed{B}`) counts before the letter that the text begins with, "option B" before "(B)"; the first kind that there is decides, and
every letter of it is chosen. Letters joined to one by "or", "and", a comma or a stroke are chosen or rejected with it. "not A" and
"A is too small" reject.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

MAX_PLACES = 1_000
"""Of a text with more letters by themselves every one is taken to be chosen."""
_BEFORE = 110
"""Characters before a letter in which "the answer to …" can stand; that it is named or rejected is told by fewer."""
_NEAR, _NEXT = 60, 8
_LAST_OPENING = frozenset("([{\"'“‘$*`>")
_KIND = r"(?:option|answer|choice|letter)"
_BE = r"(?:is|was|are|were|(?:must|would|should|has\sto|have\sto|can|could)\sbe|seems(?:\sto\sbe)?|looks|appears(?:\sto\sbe)?)"
_SURELY = (
    r"(?:for\ssure|clearly|therefore|thus|indeed|simply|definitely|obviously|probably|then|surely|in\sfact|"
    r"(?:most\s)?likely|also|both|here)"
)


_SPOKEN = frozenset(("or", "and", "to", "through", "no", "wait", "actually", "rather", "sorry", "mean", "make"))


class Place(NamedTuple):
    """A letter by itself, and where the brackets and marks around it begin and end."""

    start: int
    letter: str
    begin: int
    stop: int


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(_PATTERNS[name], re.ASCII | re.IGNORECASE)


_PATTERNS = {
    "opening": r"(?:(?:\\boxed\{|\\(?:text(?:bf|rm|it)?|mathrm|mathbf)\{|\*\*|<(?:b|strong|answer)>|\\[(\[]|[{(\[\"'“‘$*`])\s?){1,6}\Z",
    "closing": r"(?:\s?\\[)\]]|\*\*|</(?:b|strong|answer)>|[)\]\"'”’$}.:*`]|\s(?=\})){1,6}",
    # C++, C-14, D'Arc, A = 5, A.B, A/km: the letter is a part of something else
    "more": r"\w|\s?[’'+#^=<°](?!/)|\s>|[-‐–]\w|\s[-+]\s?[0-9]|\.\w|/\w{2}",
    "said": (
        rf"\b(?:(?:answer|ans\.?|{_KIND}|statement|response|solution|choose|chose|select(?:ed)?|pick(?:ed)?|go(?:ing)?\swith|opt\sfor|settle\son|(?:correct|right)(?=\s?[:=]))(?:s?\b|(?<=\.))"
        rf"(?:\s(?:to|for)\s[^.\n:]{{1,50}})?[*_]{{0,2}}(?:\s{_BE}\b)?(?:,?\s(?:{_SURELY}|the|{_KIND})){{0,3}},?"
        rf"[*_]{{0,2}}\s?[:=]?[*_]{{0,2}}(?:\s{{1,3}}|\s?[-–—]\s|\Z))\Z"
    ),
    "named": r"\b(?:option|choice|letter)s?\s\Z",
    "guess": (
        rf"\b(?:it'?s|it\sis|that'?s|i\.e\.|that\sis|namely|(?:must|may|might|could|should|has\sto|can\sonly)\sbe|so|thus|hence|therefore),?\s"
        rf"(?:{_KIND}\s)?\Z"
    ),
    "contrast": r"\bnot\s[^.\n]{1,50}\bbut\s(?:rather\s|instead\s)?\Z",
    "not": (
        rf"(?:\b(?:not|never|neither|nor|except|unlike|cannot|rather\sthan|instead\sof)|n['’]t|\b(?:eliminat|exclud|reject|rul)(?:e|es|ed|ing)(?:\sout)?)"
        rf"(?:\sbe)?\s(?:the\s)?(?:{_KIND}\s)?\Z"
    ),
    "wrong": (
        rf"(?:,?\s(?:{_BE}(?:\s{_SURELY})?\s(?:all\s|both\s)?(?:not|wrong|incorrect|false|too|out|impossible|ruled|eliminated|excluded|invalid|unlikely|"
        r"inconsistent|untrue|never|neither|the\swrong)|(?:is|are|was|were|do|does|did|ca|would|could)n['’]t|cannot|can\snot|"
        r"(?:do|does|did|would)\snot|fails?|contradicts?)\b)"
    ),
    "right": (
        rf"\s(?:(?:{_BE})(?:\s{_SURELY})?\s(?:the\s|my\s|our\s|your\s)?(?:only\s|most\s|single\s|final\s)?(?:correct|right|true|best|valid|"
        r"possible|plausible|answer|appropriate|accurate|solution|choice|one\sthat)|(?:alone\s)?(?:remains|works|fits))\b"
    ),
    "reason": r"\s(?:because|since|as|or|and|which|for|in|by|not|but|due|so|if|when|from|given|with|is|was|are|that)\b",
    "joiner": (
        r"(?:,?\s?[/&,;|]\s?(?:(?:or|and)\s)?|\s?\\text\{\s?(?:or|and)\s?\}\s?"
        r"|[.…]{0,3},?\s(?:no|wait|actually|rather|sorry|i\smean|make\sthat)[,:]?\s(?:it'?s\s)?"
        r"|[.?!]?,?\s(?:or(?:\selse)?|and|to|through)\s(?:(?:also|even|maybe|possibly|perhaps)\s)?|\s?)"
        rf"(?:{_KIND}\s)?"
    ),
    "ends": r"\s{0,3}(?:\Z|\n|[,.;:/&!?)\]}|]|(?:or|and|because|since|is|are|was|were|both|too|depending)\b|[(\[*$\\]|(?-i:[A-Z])(?!\w))",
}


def letters_chosen(text: str, letters: str) -> list[Place]:
    """The letters that a text chooses, each once, in the order of the text."""
    places = _places(text, letters)
    if len(places) > MAX_PLACES:
        return _each_once(places)
    kinds: dict[str, list[Place]] = {"said": [], "first": [], "named": [], "bracket": []}
    markers: list[Place] = []
    at = 0
    while at < len(places):
        group = _group(text, places, at)
        at += len(group)
        kind = _kind(text, group)
        if kind in kinds:
            kinds[kind] += group
        if kind not in ("said", "rejected") and _is_marker(text, group[0]):
            markers.append(group[0])
    said, first = kinds["said"], kinds["first"]
    others = [place for place in markers if first and place.letter != first[0].letter]
    if said and first and (others or _goes_on(text, first[-1])):
        first = []  # it only begins what is said of all options
    if said or (first and not others):
        return _each_once([*first, *said])
    return _each_once(kinds["named"] or [*first, *others] or kinds["bracket"])


def _each_once(places: list[Place]) -> list[Place]:
    return sorted({place.letter: place for place in reversed(places)}.values())


def _places(text: str, letters: str) -> list[Place]:
    """The letters by themselves; those that are a word, or a part of a name, are none."""
    found = []
    for match in _alone(letters).finditer(text):
        start = match.start()
        wrapped = start and text[start - 1] in _LAST_OPENING
        opening = _pattern("opening").search(text, max(0, start - 40), start) if wrapped else None
        closing = _pattern("closing").match(text, start + 1)
        stop = closing.end() if closing else start + 1
        while stop > start + 1 and text[stop - 1] not in ")]}*$" and _pattern("more").match(text, stop):
            stop -= 1
        listed = text[stop - 1] == ")" and text[stop : stop + 1].isdigit()  # B)12
        word = opening is None and closing is None and match[0] in "AI" and _goes_on(text, start + 1)
        if word or (not listed and _pattern("more").match(text, stop)):
            continue
        found.append(Place(start, match[0], opening.start() if opening else start, stop))
        if len(found) > MAX_PLACES:
            break
    return found


@cache
def _alone(letters: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.+#-])(?<!\w['’])[{re.escape(letters)}](?!\w)", re.ASCII)


def _goes_on(text: str, at: int | Place) -> bool:
    """Whether a word in small letters follows that gives no reason: of a letter by itself it makes a word, or the subject of a sentence."""
    at = at if isinstance(at, int) else at.stop
    return text[at : at + 1] == " " and text[at + 1 : at + 2].islower() and _pattern("reason").match(text, at) is None


def _group(text: str, places: list[Place], at: int) -> list[Place]:
    """A letter and those that are joined to it."""
    group = [places[at]]
    for place in places[at + 1 :]:
        last = group[-1]
        between = _pattern("joiner").fullmatch(text, last.stop, place.begin)
        ends = _pattern("ends").match(text, place.stop)
        closed = text[place.stop - 1] in ".:" or place.stop == len(text)
        if between is None or not (ends or closed):
            break
        spoken = not _SPOKEN.isdisjoint(re.findall("[a-z]+", between[0].lower()))
        if not spoken and ((ends and ends[0].strip().lower() in ("is", "are", "was", "were")) or text[last.stop - 1] in ".:"):
            break  # another clause, or another sentence
        group.append(place)
    return group


def _kind(text: str, group: list[Place]) -> str:
    """How several letters joined are named: "said", "first", "named", "bracket", "rejected", or in passing ("")."""
    begin, stop = group[0].begin, group[-1].stop
    opening = text[begin : group[0].start]
    before = text[max(0, begin - _BEFORE) : begin]
    near = before[-_NEAR:]
    if _pattern("not").search(near) or _pattern("wrong").match(text, stop):
        return "rejected"
    if "\\boxed{" in opening or _pattern("right").match(text, stop) or ("but" in near[-15:] and _pattern("contrast").search(before)):
        return "said"
    option = _pattern("named").search(before, max(0, len(before) - _NEXT))
    behind = before if " to " in before or " for " in before else near
    if _pattern("said").search(behind[: len(behind) - len(option[0])] if option else behind):
        return "said"
    ended = text[stop - 1] in ".!" or text[stop : stop + 1] in ("", "\n", ".", ",", ";", "!")
    if ended and _pattern("guess").search(near):
        return "said"
    if begin <= 40 and not text[:begin].strip():
        bare = begin == group[0].start and stop == group[-1].start + 1
        return "" if bare and _goes_on(text, stop) else "first"
    if option or (before.endswith("\n") and text[stop : stop + 1] in ("", "\n")):
        return "named"
    named = "(" in opening and ")" in text[group[0].start : group[0].stop] and not text[begin - 1 : begin].isalnum()  # P(A) is none
    return "bracket" if named else ""


def _is_marker(text: str, place: Place) -> bool:
    """Whether the letter marks an item of a list: `A) 12`, `(B) 15`."""
    before, behind = text[place.begin - 1 : place.begin] if place.begin else "", text[place.stop : place.stop + 2]
    return (before == "" or before.isspace()) and text[place.stop - 1] in ").:" and behind[:1].isspace() and len(behind) == 2
