"""`wrong_pinpoint`: citations that point at a page outside of the case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from rewardlang.verdict import Finding
from rewardlang.verifier import finder


@finder("wrong_pinpoint", cost="linear", version="2")
def wrong_pinpoint(texts: Sequence[str], *, pages: tuple[str, ...] = ()) -> list[list[Finding[str]]]:
    """The citations that point at a page outside of the case that they name.

    What it checks
    --------------
    Looks at the page behind a case (`436 U.S. 658, 691`), behind `Id. at`, in a short form (`436 U.S., at 690`) and behind `supra, at`. It
    is wrong before the first page of the case, and behind its last one where `pages` has a line for it: `436 US 658-722`. Of a range
    (`690-91`) the first page counts. Behind parallel citations (`576 U.S. 644, 135 S. Ct. 2584. Id. at
    660`) the page may be one of either. The value is the case; the note says what is wrong.

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

    parallel: list[str] = []
    end = -1
    for cited in citations_of(text):
        if not cited.note.startswith(("Id.", "supra")):
            if end < 0 or not re.fullmatch(r"(?:,\s[0-9]{1,5}(?:[-–][0-9]{1,5})?)?,\s", text[end : cited.start][:20]):
                parallel = []
            parallel.append(cited.authority)
            end = cited.end
        pin = re.search(r"(?:\A|\s)at ([0-9]{1,5})", cited.note)
        if pin is None or " at " in cited.authority:
            continue
        repeated = parallel if cited.note.startswith("Id.") and cited.authority in parallel else [cited.authority]
        wrong = [_why(authority, int(pin[1]), last_pages) for authority in repeated]
        if wrong[-1] and all(wrong):
            yield Finding(cited.start, cited.end, cited.authority, wrong[-1])


def _why(authority: str, page: int, last_pages: dict[str, int]) -> str:
    """Why the page is none of the case; nothing where it can be one, or the authority is no case."""
    case = re.fullmatch(r"[0-9]+ (?!USC |CFR )[^0-9].* ([0-9]+)", authority)
    if case is None:
        return ""
    first, last = int(case[1]), last_pages.get(authority)
    if page < first:
        return f"page {page} lies before its first one"
    return f"page {page} lies behind its last one, {last}" if last is not None and page > last else ""


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
