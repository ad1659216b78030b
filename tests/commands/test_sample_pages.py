"""The pages of RW6xx show samples that earn the code and samples that do not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rewardlang import codes
from rewardlang.commands.check_samples import mark_samples
from rewardlang.commands.outcome import Outcome
from rewardlang.commands.shared import open_samples
from rewardlang.compiled import compile_text
from rewardlang.reward import Reward

_BLOCK = re.compile(r"^## (Wrong|Right)\n+```jsonl\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = """rewardlang 1
reward demo

column gold: text
let final = only <answer> in completion

rule correct: award 1 point when final equals gold
rule shouts:  deduct 0.5 points when completion contains "!!!"

score between -0.5 and 1
"""


def found(samples: str, folder: Path) -> set[str]:
    """The codes that marking these samples gives."""
    path = folder / "samples.jsonl"
    path.write_text(samples.strip(), encoding="utf-8")
    outcome = Outcome(compile_text(FILE))
    outcome.reward = Reward(outcome.compiled)
    mark_samples(outcome, [open_samples(str(path), {})], 0)
    return {finding.code for finding in outcome.findings}


PAGES = {code: dict(_BLOCK.findall(codes.page(code) or "")) for code in codes.every() if code.startswith("RW6")}


@pytest.mark.parametrize("code", [code for code, blocks in PAGES.items() if blocks])
def test_the_wrong_samples_earn_the_code_and_the_right_ones_do_not(code: str, tmp_path: Path) -> None:
    """A reader who copies the right block gets samples without errors."""
    assert code in found(PAGES[code]["Wrong"], tmp_path)
    right = found(PAGES[code]["Right"], tmp_path)
    assert code not in right
    assert not {other for other in right if codes.severity(other) == "error"}


def test_every_code_of_the_samples_has_a_page() -> None:
    """The codes that the readers and the report use are the pages that there are."""
    root = Path(codes.__file__).parent
    files = [path for folder in ("samples", "scoring", "commands") for path in (root / folder).glob("*.py")]
    used = {code for path in files for code in re.findall(r'"(RW6\d\d)"', path.read_text(encoding="utf-8"))}
    assert used == set(PAGES)
