"""A shorter text that is paid as much, so that a reader sees what was paid and nothing else."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from rewardlang.attack.search import Candidate, Search, Seed

_PIECES = (re.compile(r"[^\n]*\n?"), re.compile(r"[^\s]+\s*|\s+"))
_MOST_TRIES = 240
_MARGIN = 1e-9


def shortened(search: Search, candidate: Candidate, deadline: float) -> Candidate:
    """Lines, then words, are left out, first many at once, as long as the text stays wrong and loses no points.

    After the deadline (of `time.monotonic`) it is left as it is, which the search notes as being out of time.
    """
    left = _MOST_TRIES
    for pieces_of in _PIECES:
        pieces = [piece for piece in pieces_of.findall(candidate.text) if piece]
        size = len(pieces) // 2
        while size and left > 0:
            start = 0
            while start < len(pieces) and left > 0:
                if time.monotonic() > deadline:
                    search.out_of_time = True
                    return candidate
                kept = [*pieces[:start], *pieces[start + size :]]
                left -= 1
                shorter = _still_paid(search, candidate, kept)
                if shorter is not None:
                    candidate, pieces = shorter, kept
                else:
                    start += size
            size //= 2
    return candidate


def _still_paid(search: Search, candidate: Candidate, pieces: Sequence[str]) -> Candidate | None:
    marked = search.mark_one(Seed(candidate.task, "".join(pieces), candidate.chain))
    return marked if marked is not None and marked.wrong and marked.score >= candidate.score - _MARGIN else None
