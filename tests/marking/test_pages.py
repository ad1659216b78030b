"""The pages in this folder: a reward, completions, and the marks that they must get, to the last digit.

A page is prose with fences. ```` ```reward ```` starts a file that the cases
after it are marked with. A case is a ```` ```completion ```` fence, before it
perhaps a ```` ```row ```` fence (JSON: the columns, `step`, `prompt`), after it a
```` ```marks ```` fence: a line a rule (`name  points  reason`), then the gate,
success and score.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rewardlang
from rewardlang.marks import RowMarks
from rewardlang.written import written

_FOLDER = Path(__file__).parent
_FENCE = re.compile(r"^```(reward|row|completion|marks)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def _told(row: RowMarks) -> str:
    lines = [f"{mark.rule}  {written(mark.points)}  {mark.reason}" for mark in row.marks]
    lines += [
        f"section {part.section}  {written(part.raw)} → {part.points!r}"
        for part in row.sections
        if part.section and float(part.raw) != part.points
    ]
    if row.gate is not None:
        lines.append(f"gate  {row.gate.reason}")
    if row.clamping:
        lines.append(f"clamping  {row.clamping!r}")
    if row.success is not None:
        lines.append(f"success  {'yes' if row.success else 'no'}")
    lines += [f"failure  {failure.verifier}: {failure.reason}" for failure in row.failures]
    return "\n".join([*lines, f"score  {'skipped' if row.score is None else repr(row.score)}"]) + "\n"


def _cases(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Each `marks` fence of a page with what its case gives."""
    reward: rewardlang.Reward | None = None
    row: dict[str, Any] = {}
    completion = ""
    for fence in _FENCE.finditer(text):
        kind, body = fence[1], fence[2]
        if kind == "reward":
            reward = rewardlang.loads(body)
            row = {}
        elif kind == "row":
            row = json.loads(body)
        elif kind == "completion":
            completion = body[:-1]
        else:
            assert reward is not None, "a case needs a reward before it"
            given = dict(row)
            step, prompt = given.pop("step", 0), given.pop("prompt", None)
            scores = reward.score(
                [completion], None if prompt is None else [prompt], {name: [value] for name, value in given.items()}, step
            )
            yield fence, _told(scores.rows[0])


@pytest.mark.parametrize("path", sorted(_FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_a_page_shows_what_its_reward_gives(path: Path, request: pytest.FixtureRequest) -> None:
    """Every case of the page is marked as the page says."""
    text = path.read_text(encoding="utf-8")
    cases = list(_cases(text))
    assert cases, "a page has at least one case"
    if request.config.getoption("--update-marks"):
        for fence, told in reversed(cases):
            text = text[: fence.start(2)] + told + text[fence.end(2) :]
        path.write_text(text, encoding="utf-8")
    for fence, told in _cases(text):
        assert told == fence[2]
