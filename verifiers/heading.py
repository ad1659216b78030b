"""`heading`: the headings of a text that have something below them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from rewardlang.verdict import Finding
from rewardlang.verifier import finder

_LONGEST = 80
_MOST_WORDS = 8
_LEAST_WORDS = 5
_SENTENCE_ENDS = ".!?:;…\"'”’»)]>*_"


@cache
def _marks() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What stands before and behind the words of a heading: `##`, `**`, `IV.`, `2)`; `:`, `**`, `##`."""
    number = r"(?:[IVX]{1,6}|[0-9]{1,2}(?:\.[0-9]{1,2}){0,3}|[A-Z])[.)]\s{1,4}"
    before = re.compile(rf"(?P<hash>\#{{1,6}}\s{{1,4}})?(?:{number})?(?P<bold>\*\*|__)?(?:{number})?")
    return before, re.compile(r"(?:\s{0,3}(?:\*\*|__|:|\#{1,6}))*\s*\Z")


@finder("heading", cost="linear", version="2")
def heading(texts: Sequence[str]) -> list[list[Finding[str]]]:
    """The headings of a text that have text below them.

    What it checks
    --------------
    A heading is a line of its own of at most eight words: marked by `#`, by `**bold**`, by a number (`IV. Facts`, `2) Facts`), by a
    colon at its end, or by nothing but standing there without a full stop, first or below an empty line. The value is its words alone:
    `## IV. Facts:` is `Facts`, with single spaces between words. Only headings with text below them, before the next one, are found: a
    line that ends like a sentence (`In part.`) or has at least five words.

    Why it earns reward
    -------------------
    Readers look for parts where they expect them. A heading with nothing below it helps nobody.

    Example
    -------
    `rule headed: award 0.2 points for each distinct heading in memo where heading is in headings ignoring case, up to 1`

    Known gaps
    ----------
    What stands below is not judged: a word and a full stop are enough, so limit the length and mark the contents too. Run-in headings
    (`Facts. The officer …`) are not found. A short line without a full stop (a name, an item of a list) can be taken for one.
    """
    return [_headings(text) for text in texts]


def _headings(text: str) -> list[Finding[str]]:
    found: list[Finding[str]] = []
    candidate: Finding[str] | None = None
    after_blank, position = True, 0
    for line in text.splitlines(keepends=True):
        start, position = position, position + len(line)
        heading_ = _heading(line, start, after_blank)
        after_blank = not line.strip()
        if heading_ is not None:
            candidate = heading_
        elif candidate is not None and _is_text(line):
            found.append(candidate)
            candidate = None
    return found


def _is_text(line: str) -> bool:
    trimmed = line.rstrip()
    return any(c.isalnum() for c in trimmed) and (trimmed[-1] in _SENTENCE_ENDS or len(trimmed[:2000].split()) >= _LEAST_WORDS)


def _heading(line: str, start: int, after_blank: bool) -> Finding[str] | None:
    """The heading that a line is, or None. `start` is where the line begins in its text."""
    bare = line.strip()
    if not bare or len(bare) > _LONGEST:
        return None
    start += len(line) - len(line.lstrip())
    before, behind = _marks()
    opening, closing = before.match(bare), behind.search(bare)
    assert opening is not None
    assert closing is not None
    first, last = opening.end(), closing.start()
    words = bare[first:last]
    if not words.strip() or len(words.split()) > _MOST_WORDS or not any(letter.isalpha() for letter in words):
        return None
    bold = opening["bold"] is not None and opening["bold"] in closing[0]
    marked = bool(opening["hash"]) or bold or ":" in closing[0] or (first > 0 and not opening["bold"])
    if words.rstrip()[-1] in ".!?;,…" or (not marked and not (after_blank and words.lstrip()[0].isupper())):
        return None
    trimmed = words.strip()
    first += words.index(trimmed)
    return Finding(start + first, start + first + len(trimmed), " ".join(trimmed.split()))
