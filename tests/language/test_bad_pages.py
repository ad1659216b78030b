"""The pages in `bad/`: a mistake in words, a file that has it, and the whole message that the reader gets.

`pytest tests/language --update-messages` writes the messages anew; the
difference is read by a person before it is committed.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.language.shared import HERE, parsed

PAGES = sorted((HERE / "bad").glob("*.md"))
_PAGE = re.compile(r"\A(# .+?\n\n```reward\n)(.*?)(\n```\n\n```text\n)(.*?)(\n```\n)\Z", re.DOTALL)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_page_shows_the_message(path: Path, request: pytest.FixtureRequest) -> None:
    """Word for word, place for place, with the help."""
    page = _PAGE.fullmatch(path.read_text(encoding="utf-8"))
    assert page is not None, "a page is a heading, prose, one ```reward fence and one ```text fence"
    result = parsed(page[2], f"{path.stem}.reward")
    messages = "\n\n".join(diagnostic.render() for diagnostic in result.diagnostics)
    if request.config.getoption("--update-messages", default=False):
        path.write_text(page[1] + page[2] + page[3] + messages + page[5], encoding="utf-8")
        return
    assert messages == page[4]
    assert messages, "a page without a mistake belongs to good/"
