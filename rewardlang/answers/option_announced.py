"""Options that a text chooses in words: `Option C is correct`, `I choose C`, `so C.`, `(C)` on the last line."""

from __future__ import annotations

import re
from functools import cache

from rewardlang.answers.sentences import Final


@cache
def _choice() -> re.Pattern[str]:
    letter = r"(?:option\s|answer\s|choice\s)?[(*_]{0,3}([A-J])(?![A-Za-z0-9'’])"
    return re.compile(
        r"\b(?i:option|choice|answer)\s\(?([A-J])\)?\s(?i:is|would\sbe)\s(?i:the\s)?(?i:correct|right|best|answer)\b"
        rf"|\bI(?:\swould|['’]d|['’]ll|\swill)?\s(?:choose|pick|select|go\swith)\s{letter}"
        rf"|\(([A-J])\)\s(?:is|must\sbe|would\sbe)\s(?:the\s)?(?:correct|right|best|answer)\b"
        r"|(?:^|[.!?:\n*]\s{0,3}|\b(?i:so|thus|hence|therefore),?\s)[*_]{0,2}([A-J])[*_]{0,2}\sis\sthe\s(?:only\s)?(?:correct|right|best)\s(?:answer|option|choice)\b"
        rf"|\b(?:[Ii]t|answer)\s(?:must|should|has\sto)\sbe\s{letter}\)?[*_]{{0,3}}\.?\s{{0,5}}$"
        r"|(?:^|\n)\s{0,4}[*_]{0,2}\(?([A-J])\)?[*_]{0,2}\.?\s{0,5}$"
        rf"|\b(?:option|choice)\s\(?([A-J])\)?\.?\s{{0,5}}$"
        r"|\b(?:it(?:['’]s|\sis)|choose|be)\s(?:option|choice|answer)\s\(?([A-J])(?=[\s,.;)])"
        rf"|\bI(?:['’]d|\swould)\s(?:say|guess|answer)\s{letter}"
        rf"|\b(?i:so|thus|hence|therefore|leaves|leaving),?\s(?:only\s)?(?:it(?:['’]s|\sis|\smust\sbe)\s)?{letter}[)*_]{{0,3}}\.?\s{{0,5}}$"
    )


def option_announced(text: str) -> Final | None:
    """`Option C is correct`, `I choose C`, `so C.` at the end."""
    found = list(_choice().finditer(text))
    if not found:
        return None
    group = found[-1].lastindex or 0
    return Final(*found[-1].span(group), found[-1][group], "the option as announced")
