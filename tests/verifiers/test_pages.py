"""Every case of every page says what the verifier says."""

from __future__ import annotations

from pathlib import Path

import pytest

from rewardlang.sandbox.run import missing
from tests.verifiers.pages import FOLDER, cases_of

SANDBOXED = ("tests_passed", "outputs_passed")
CASES = [
    pytest.param(page, index, id=f"{page.stem}-{index + 1}") for page in sorted(FOLDER.glob("*.md")) for index in range(len(cases_of(page)))
]


@pytest.mark.parametrize(("page", "index"), CASES)
def test_case(page: Path, index: int, request: pytest.FixtureRequest) -> None:
    """The verdict on the page is the verdict of the verifier; `--update-verdicts` writes it."""
    case = cases_of(page)[index]
    if case.word in SANDBOXED and missing() is not None:
        pytest.skip(f"no sandbox here: {missing()}")
    said = case.said()
    if said != case.verdict and request.config.getoption("--update-verdicts"):
        text = page.read_text(encoding="utf-8")
        page.write_text(text[: case.span[0]] + said + text[case.span[1] :], encoding="utf-8")
        return
    assert said == case.verdict
