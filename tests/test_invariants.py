"""The laws that `rewardlang/README.md` states in bold: each names its test, and those that have no other home are here."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from rewardlang.compiled import compile_text
from rewardlang.free_points import free_points
from rewardlang.lock import sha256_of, text_of
from rewardlang.marking.guard import VerifierBreakdown
from rewardlang.registry import Registry, default_registry
from rewardlang.reward import Reward
from rewardlang.verdict import Verdict
from rewardlang.verifier import predicate
from tests.sources import ROOT

PAGE = ROOT / "rewardlang" / "README.md"

TEXT = """rewardlang 1
reward small
column gold: number
let value = only <answer> in completion as number
require value is present else score -1
section substance
rule correct: award 2 points when value equals gold
section form
rule brief: deduct 0.5 points for each word in completion where word equals "very", up to 1 point
score between -1 and 2
"""

FRAGILE = """rewardlang 1
reward fragile
rule a: award 1 point when completion is "fragile"
rule b: award 2 points when completion contains "x"
score between 0 and 3
"""


def test_each_bold_law_names_a_test_that_exists() -> None:
    """Every numbered line of the list of laws starts in bold and ends with tests that are there."""
    laws = re.findall(r"^\d+\. (.*(?:\n   .*)*)", PAGE.read_text(encoding="utf-8"), re.M)
    assert len(laws) >= 7
    for law in laws:
        assert law.startswith("**"), law
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", law)
        assert named, law
        for file, function in named:
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            assert function in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, f"{file}::{function}"


def test_equal_text_gives_an_equal_program_and_programs_are_frozen() -> None:
    """Compiling twice gives equal values with one fingerprint, and none of their parts can be assigned to."""
    first, second = compile_text(TEXT), compile_text(TEXT)
    assert first.program is not None
    assert second.program is not None
    assert first.program == second.program
    assert first.syntax == second.syntax
    assert first.program.fingerprint == second.program.fingerprint
    for value in (first.program, first.program.rules[0], first.program.sections[0], first.syntax):
        with pytest.raises(AttributeError):
            value.name = "other"  # type: ignore[union-attr, misc]


def test_compiling_opens_only_the_files_that_a_file_names(tmp_path: Path) -> None:
    """Once the package is loaded, compiling opens no file but the lists, the imports and their lock, and starts and connects to nothing."""
    (tmp_path / "names.txt").write_text("Ada\nBen\n", encoding="utf-8")
    (tmp_path / "other.txt").write_text("Cy\n", encoding="utf-8")
    common = 'rewardlang 1\nreward common\nlist others: text from "other.txt"\nlist unused: text from "unused.txt"\n'
    (tmp_path / "common.reward").write_text(common, encoding="utf-8")
    locked = [str(tmp_path / name) for name in ("common.reward", "names.txt", "other.txt")]
    digests = {Path(name).name: sha256_of(Path(name).read_bytes()) for name in locked}
    (tmp_path / "rewardlang.lock").write_text(text_of(digests, {}), encoding="utf-8")
    text = TEXT + 'list names: text from "names.txt"\nrule named: award 0 points when completion is in names\n'
    text += 'import "common.reward" as common\nrule other: award 0 points when completion is in common.others\n'
    script = (
        "import json, sys\n"
        "from rewardlang.compiled import compile_text\n"
        "text, folder = sys.argv[1:]\n"
        "assert compile_text(text, folder=folder).program is not None\n"
        "seen = []\n"
        "watched = ('open', 'socket.connect', 'subprocess.Popen', 'os.system')\n"
        "sys.addaudithook(lambda event, given: seen.append([event, str(given[0])]) if event in watched else None)\n"
        "compile_text(text, folder=folder)\n"
        "print(json.dumps(seen))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, text, tmp_path], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == [
        ["open", str(tmp_path / name)] for name in ("common.reward", "rewardlang.lock", "other.txt", "names.txt")
    ]


@predicate("fragile", cost="linear", version="1")
def _fragile(texts: Sequence[str]) -> list[Verdict]:
    """Breaks on every text."""
    raise ZeroDivisionError(f"cannot read {len(texts)} texts")


def _with_fragile() -> Reward:
    return Reward(compile_text(FRAGILE, registry=Registry([*default_registry(), _fragile.declaration])))  # type: ignore[attr-defined]


def test_a_verifier_that_breaks_is_told_and_never_a_silent_zero() -> None:
    """Its rule gives the fewer points, the row says which verifier raised what, and the other rules count as always."""
    row = _with_fragile().score(["x"]).rows[0]
    assert row.score == 2
    (failure,) = row.failures
    assert (failure.verifier, failure.broke) == ("fragile", True)
    assert "ZeroDivisionError" in failure.reason


def test_an_example_on_which_a_verifier_breaks_fails() -> None:
    """Each one, with the reason; also where what it expects would hold of the points that are left, and however many there are."""
    examples = "".join(f'example "{name}"\n  model writes "x"\n  expect score at least -100\n' for name in "abc")
    compiled = compile_text(f"{FRAGILE}\n{examples}", registry=Registry([*default_registry(), _fragile.declaration]))  # type: ignore[attr-defined]
    results = Reward(compiled).run_examples()
    assert [failure.message for result in results for failure in result.failures] == [
        f"example \"{name}\": 'fragile' broke (ZeroDivisionError: cannot read 1 texts)" for name in "abc"
    ]
    assert compiled.program is not None
    assert all(warning.code == "RW710" for warning in free_points(compiled.program, compiled.registry))


def test_a_verifier_that_keeps_breaking_stops_the_run() -> None:
    """A broken reward must not go on training a policy."""
    reward = _with_fragile()
    reward.score([f"x{index}" for index in range(19)])
    with pytest.raises(VerifierBreakdown, match=r"'fragile' broke on .* ZeroDivisionError"):
        reward.score(["y", "z"])


def test_a_registry_is_passed_in() -> None:
    """A verifier of one registry is unknown to the next compilation: there is no global list to fill."""
    _with_fragile()
    assert [diagnostic.code for diagnostic in compile_text(FRAGILE).errors] != []


def test_every_number_leads_back_to_its_words() -> None:
    """The records of a marked row carry spans, and the words there are the rule's, the section's and the values' own."""
    compiled = compile_text(TEXT)
    (row,) = Reward(compiled).score(["<answer>72</answer> very good"], columns={"gold": [72]}).rows
    for mark in row.marks:
        assert compiled.source.cut(mark.span).startswith(f"rule {mark.rule}")
        for shown in mark.shown:
            assert shown.words in compiled.source.cut(shown.span)
    (gated,) = Reward(compiled).score([""], columns={"gold": [72]}).rows
    assert gated.gate is not None
    assert compiled.source.cut(gated.gate.span).startswith("require value is present")
