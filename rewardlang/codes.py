"""The codes of mistakes. Each code is one page, `codes/<code>.md`, and the page is the single source.

Its first line is `# RW103: title`, its second `severity: error` or
`severity: warning`; adding a page adds the code. Nothing is read before
somebody asks. Ranges: RW1xx syntax, RW2xx names, RW3xx types and missing
values, RW4xx ranges and scores, RW5xx examples, RW6xx data and samples, RW7xx
lints.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewardlang.errors import Diagnostic, Fix, Related, Severity
    from rewardlang.source import Source, Span

_FOLDER = Path(__file__).parent / "codes"
_FRONT = re.compile(r"# (?P<code>RW\d{3}): (?P<title>[^\n]+)\nseverity: (?P<severity>error|warning)\n")


@cache
def every() -> tuple[str, ...]:
    """All codes, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.md")))


@cache
def page(code: str) -> str | None:
    """The page of a code as Markdown; None for a code that does not exist (see `suggestions`)."""
    if code.upper() not in every():
        return None
    return (_FOLDER / f"{code.upper()}.md").read_text(encoding="utf-8")


def title(code: str) -> str:
    """The code's title in one line. Raises KeyError for a code without a page."""
    return _front(code)["title"]


def severity(code: str) -> Severity:
    """Raises KeyError for a code without a page."""
    return "error" if _front(code)["severity"] == "error" else "warning"


def suggestions(code: str) -> tuple[str, ...]:
    """Existing codes that a mistyped one may mean, nearest first: the same digits, then the same hundred."""
    from rewardlang.suggest import nearest

    digits = re.sub(r"\D", "", code)
    same = tuple(known for known in every() if digits and known[2:] == digits)
    return same or nearest(code.upper(), every()) or tuple(known for known in every() if digits and known[2] == digits[0])[:3]


def diagnostic(  # `help` is the field's name
    code: str,
    message: str,
    source: Source,
    span: Span,
    *,
    help: str | None = None,  # noqa: A002
    label: str = "",
    related: tuple[Related, ...] = (),
    fix: Fix | None = None,
) -> Diagnostic:
    """A `Diagnostic` with the severity that the code's page states."""
    from rewardlang.errors import Diagnostic

    return Diagnostic(code, severity(code), message, source, span, help, label, related, fix).localised()


@cache
def _front(code: str) -> re.Match[str]:
    text = page(code)
    match = _FRONT.match(text) if text is not None else None
    if match is None or match["code"] != code:
        raise KeyError(code)
    return match
