"""`wrong_pinpoint`: citations that point at a page outside of the case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from rewardlang.verdict import Finding
from rewardlang.verifier import finder


@finder("wrong_pinpoint", cost="linear", version="1")
def wrong_pinpoint(texts: Sequence[str], *, pages: tuple[str, ...] = ()) -> list[list[Finding[str]]]:
    """The citations that point at a page outside of the case that they name.

    What it checks
    --------------
    Looks at the page behind a case (`436 U.S. 658, 691`), behind `Id. at`, in a short form (`436 U.S., at 690`) and behind `supra, at`. It
    is wrong before the first page of the case, and behind its last one where `pages` has a line for it: `436 US 658-722`. Of a range
    (`690-91`) the first page counts. The value is the case; the note says what is wrong.

    Why it earns reward
    -------------------
    A pinpoint is what a reader looks up. A page outside of the case shows that nobody did.

    Example
    -------
    `rule pinpoints: deduct 0.5 points for each distinct wrong_pinpoint in memo, up to 1`

    Known gaps
    ----------
    Without a line in `pages` any page behind the first one passes. Whether the page says what the sentence says is not seen. A model
    can leave pinpoints out. A line of `pages` that cannot be read stops the run.
    """
    return [list(_wrong(text, _last_pages(pages))) for text in texts]


def _wrong(text: str, last_pages: dict[str, int]) -> Iterator[Finding[str]]:
    from rewardlang.answers.citations import citations_of

    for cited in citations_of(text):
        pin = re.search(r"(?:\A|\s)at ([0-9]{1,5})", cited.note)
        case = re.fullmatch(r"[0-9]+ (?!USC |CFR )[^0-9].* ([0-9]+)", cited.authority)
        if pin is None or case is None or " at " in cited.authority:
            continue
        page, first, last = int(pin[1]), int(case[1]), last_pages.get(cited.authority)
        if page < first:
            yield Finding(cited.start, cited.end, cited.authority, f"page {page} lies before its first one")
        elif last is not None and page > last:
            yield Finding(cited.start, cited.end, cited.authority, f"page {page} lies behind its last one, {last}")


@lru_cache(maxsize=20)
def _last_pages(pages: tuple[str, ...]) -> dict[str, int]:
    """Raises ValueError for a line that is not like `436 US 658-722`."""
    last = {}
    for line in pages:
        match = re.fullmatch(r"([0-9]{1,4} [^0-9\s][^-–]{0,20} [0-9]{1,5})\s?[-–]\s?([0-9]{1,5})", line.strip())
        if match is None:
            raise ValueError(f"'{line[:60]}' names no first and last page; write 436 US 658-722")
        last[match[1]] = int(match[2])
    return last
