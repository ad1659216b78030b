"""What the language finds in a text without a verifier: tagged blocks, and the text after, before or between markers.

Every finding has code-point offsets into the text that was searched; its value
is the text between them, trimmed, so `text[finding.start:finding.end] ==
finding.value`. All of it is linear in the length of the text: no regular
expression of an author and no backtracking is involved.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate, pairwise

from rewardlang.record import NamedTuple
from rewardlang.verdict import Finding


def _trimmed(text: str, start: int, end: int) -> Finding[str]:
    """The part [start, end) of a text without the white space around it; an empty part stays where it begins."""
    part = text[start:end]
    inner = part.lstrip()
    start += len(part) - len(inner)
    inner = inner.rstrip()
    return Finding(start, start + len(inner), inner)


class Blocks(NamedTuple):
    """What a text holds of one tag.

    `findings` are the complete blocks, in order: an opening tag and the nearest
    closing tag, with no tag of that name between them. `openings` counts the
    opening tags (`count of <t>`). `problem` says why `only <t>` is missing, and
    is None when there is exactly one opening tag, one closing tag and one block.
    """

    findings: tuple[Finding[str], ...]
    openings: int
    problem: str | None

    @property
    def only(self) -> Finding[str] | None:
        """The one block, or None when `problem` says why there is none."""
        return self.findings[0] if self.problem is None else None


@lru_cache(maxsize=256)
def _tag_pattern(name: str) -> re.Pattern[str]:
    return re.compile(f"<(/?){re.escape(name)}>")


def tags(text: str, name: str) -> Blocks:
    """The blocks `<name>…</name>` of a text; tag names are case-sensitive and carry no attributes."""
    events = [(match.start(), match.end(), bool(match[1])) for match in _tag_pattern(name).finditer(text)]
    findings = tuple(_trimmed(text, opening[1], closing[0]) for opening, closing in pairwise(events) if not opening[2] and closing[2])
    openings = sum(1 for event in events if not event[2])
    return Blocks(findings, openings, _problem(name, [event[2] for event in events], len(findings)))


def _problem(name: str, closings: list[bool], complete: int) -> str | None:
    """Why there is not exactly one block, in words; `closings` says of each tag whether it closes."""
    if closings == [False, True]:
        return None
    if not closings:
        return f"no <{name}> block found, exactly one wanted"
    if 2 * complete == len(closings):
        return f"{complete} <{name}> blocks found, exactly one wanted"
    depth = 0
    for closes in closings:
        depth += -1 if closes else 1
        if depth > 1:
            return f"a second <{name}> opens before the first is closed"
        if depth < 0:
            return f"a </{name}> closes nothing"
    return f"<{name}> is not closed"


class Excerpt(NamedTuple):
    """Parts of a text, joined. `pieces` are the kept [start, end) of the original, in order, none empty."""

    text: str
    pieces: tuple[tuple[int, int], ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where [start, end) of the excerpt stands in the original; across a removed part it spans that part too."""
        if not self.pieces:
            return 0, 0
        ends = list(accumulate(stop - begin for begin, stop in self.pieces))
        first = min(bisect_right(ends, start), len(ends) - 1)
        last = first if end <= start else min(bisect_right(ends, end - 1), len(ends) - 1)
        return self._offset(ends, first, start), self._offset(ends, last, max(start, end))

    def _offset(self, ends: list[int], piece: int, offset: int) -> int:
        _begin, stop = self.pieces[piece]
        return stop - (ends[piece] - offset)


def outside(text: str, name: str) -> Excerpt:
    """The text without its `<name>` blocks.

    A block ends at the nearest closing tag; one that is not closed reaches to
    the end. A closing tag that closes nothing ends a block that began before
    the text did (the opening tag stood in the prompt), so that everything up to
    it is removed.
    """
    pieces: list[tuple[int, int]] = []
    begin: int | None = 0
    for match in _tag_pattern(name).finditer(text):
        if match[1]:
            if begin is not None:
                pieces.clear()
            begin = match.end()
        elif begin is not None:
            pieces.append((begin, match.start()))
            begin = None
    if begin is not None:
        pieces.append((begin, len(text)))
    kept = tuple((start, end) for start, end in pieces if start < end)
    return Excerpt("".join(text[start:end] for start, end in kept), kept)


def _occurrences(text: str, marker: str) -> list[int]:
    assert marker, "an empty marker stands everywhere"
    starts, at = [], text.find(marker)
    while at >= 0:
        starts.append(at)
        at = text.find(marker, at + len(marker))
    return starts


def text_after(text: str, marker: str) -> list[Finding[str]]:
    """One finding for each occurrence of the marker: up to the next occurrence, or the end."""
    starts = _occurrences(text, marker)
    ends = [*starts[1:], len(text)]
    return [_trimmed(text, start + len(marker), end) for start, end in zip(starts, ends, strict=False)]


def text_before(text: str, marker: str) -> list[Finding[str]]:
    """One finding for each occurrence of the marker: from the occurrence before it, or the start."""
    ends = _occurrences(text, marker)
    starts = [0, *(end + len(marker) for end in ends)]
    return [_trimmed(text, start, end) for start, end in zip(starts, ends, strict=False)]


def text_between(text: str, opening: str, closing: str) -> list[Finding[str]]:
    """From each opening marker to the nearest closing one after it; findings do not overlap."""
    assert opening, "an empty marker stands everywhere"
    assert closing, "an empty marker stands everywhere"
    findings = []
    at = text.find(opening)
    while at >= 0:
        start = at + len(opening)
        end = text.find(closing, start)
        if end < 0:
            break
        findings.append(_trimmed(text, start, end))
        at = text.find(opening, end + len(closing))
    return findings
