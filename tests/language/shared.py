"""The good files, and how a test reads a text."""

from __future__ import annotations

from pathlib import Path

from rewardlang.parsing.syntax_from_text import Parsed, parse
from rewardlang.source import Source

HERE = Path(__file__).parent
GOOD = sorted((HERE / "good").glob("*.reward"))
DESIGN = [HERE / "good" / f"{name}.reward" for name in ("gsm8k_xml_port", "law_memo", "math_gsm8k", "medicine_dosing")]


def read(path: Path) -> str:
    """The text of a file with its line breaks as they are."""
    return path.read_bytes().decode("utf-8")


def parsed(text: str, name: str = "test.reward") -> Parsed:
    """A text, parsed."""
    return parse(Source(name, text))


def codes_of(text: str) -> list[str]:
    """The codes of a text's mistakes, in order."""
    return [diagnostic.code for diagnostic in parsed(text).diagnostics]
