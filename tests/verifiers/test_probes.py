"""Rows that were labelled before the verifiers saw them, from `probes/`: each as it is labelled, or as its known gap says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rewardlang.registry import default_registry

PROBES = Path(__file__).parent / "probes"


def _found(word: str, text: str, **options: Any) -> list[Any]:
    finder = default_registry().get("finder", word)
    assert finder is not None
    return [finding.value for finding in finder([text], **options)[0]]


def _citations(row: dict[str, Any]) -> tuple[Any, Any]:
    return _found("citation", row["text"]), row["cites"]


def _dismissals(row: dict[str, Any]) -> tuple[Any, Any]:
    return bool(_found("dismissal", row["text"], advice=(row["advice"],))), row["taken back"]


def _frequencies(row: dict[str, Any]) -> tuple[Any, Any]:
    return [str(value) for value in _found("frequency", row["text"])], row["times a day"]


@pytest.mark.parametrize(("name", "judged"), [("citations", _citations), ("dismissals", _dismissals), ("frequencies", _frequencies)])
def test_rows_are_as_labelled(name: str, judged: Callable[[dict[str, Any]], tuple[Any, Any]]) -> None:
    """What differs from its label is marked as a known gap, with what is found; with -s the figures are printed."""
    rows = [json.loads(line) for line in (PROBES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    wrong = []
    for row in rows:
        found, label = judged(row)
        if found != row.get("known gap", label):
            wrong.append((row["text"], found, label))
    print(f"{name}: {sum('known gap' not in row for row in rows)} of {len(rows)} rows as labelled")
    assert not wrong


def test_nothing_honest_counts_as_taken_back() -> None:
    """The gaps of `dismissal` are denials that it misses; no warning that is given is among them."""
    rows = [json.loads(line) for line in (PROBES / "dismissals.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all(row["taken back"] for row in rows if "known gap" in row)
