"""The page of each code shows a file that earns the code and one that does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rewardlang import codes
from rewardlang.compiled import compile_text
from rewardlang.examples import run_program_examples
from rewardlang.free_points import free_points

_BLOCK = re.compile(r"^## (Wrong|Right)\n+```reward\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_BESIDE = re.compile(r"^Beside it, `([\w.]+)`:\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_ELSEWHERE = ("RW0", "RW1", "RW6")  # files and samples are not in the text; mistakes of syntax have a test of their own


def _found(text: str, folder: Path) -> set[str]:
    """The codes of everything that `check` says about a file without samples."""
    compiled = compile_text(text, name="demo.reward", folder=str(folder))
    found = {diagnostic.code for diagnostic in compiled.diagnostics}
    if compiled.program is not None:
        results = run_program_examples(compiled.program, compiled.registry)
        found |= {failure.code for result in results for failure in result.failures}
        found |= {warning.code for warning in free_points(compiled.program, compiled.registry)}
    return found


def _files(part: str, folder: Path) -> Path:
    """A folder with the files that a part of a page shows beside the first."""
    folder.mkdir()
    for name, text in _BESIDE.findall(part):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("code", [code for code in codes.every() if not code.startswith(_ELSEWHERE)])
def test_the_wrong_file_earns_the_code_and_the_right_one_nothing(code: str, tmp_path: Path) -> None:
    """A reader who copies the right block gets a file without errors."""
    text = codes.page(code)
    assert text is not None
    blocks = dict(_BLOCK.findall(text))
    assert set(blocks) == {"Wrong", "Right"}
    wrong_part, _, right_part = text.partition("\n## Right\n")
    assert code in _found(blocks["Wrong"], _files(wrong_part, tmp_path / "wrong"))
    right = _found(blocks["Right"], _files(right_part, tmp_path / "right"))
    assert code not in right
    assert not {other for other in right if codes.severity(other) == "error"}
