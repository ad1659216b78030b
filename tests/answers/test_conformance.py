"""Other projects' cases for answers of mathematics: how many are judged right, and that no wrong answer is ever accepted.

The cases are read where they stand, in the folder that REWARDLANG_CONFORMANCE names.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from rewardlang.answers.compare import compare_answers
from rewardlang.answers.parse import read_answer
from rewardlang.answers.values import Answer
from rewardlang.passages import outside, tags
from rewardlang.verifiers.boxed import boxed

FOLDER = os.environ.get("REWARDLANG_CONFORMANCE")
FLOORS = {"math_equiv.jsonl": 0.90, "issue_reports.jsonl": 0.89}
"""The share of right verdicts that was reached in each file; it may rise and must not fall."""

pytestmark = pytest.mark.skipif(FOLDER is None, reason="REWARDLANG_CONFORMANCE does not name the folder of the cases")

_JOINING = re.compile(r"(?:\s|,|;|\$|\\quad|\\text|\{|\}|\\ |and|or|\\\(|\\\)|[a-z] ?=)*")


def final_answer(text: str) -> str:
    """Which part of a text is the answer, for these cases: boxes, <answer>, "answer is", the last formula, else the last number."""
    text = re.sub(r"</REASONING_END>", "</think>", text)
    text = outside(text, "think").text
    boxes = boxed([text])[0]
    if boxes:
        group = [boxes[-1]]
        for before in reversed(boxes[:-1]):
            between = text[before.end + 1 : text.rfind("\\boxed", 0, group[0].start)]
            if len(between) > 40 or not _JOINING.fullmatch(between):
                break
            group.insert(0, before)
        rest = re.match(r"\}\s*\$?\s*(percent|pct|%|\\%)", text[group[-1].end :])
        return ", ".join(box.value for box in group) + (" percent" if rest else "")
    block = tags(text, "answer")
    if block.findings:
        return block.findings[-1].value
    for pattern in (r"answer is:?\s*(.*)", r"[Aa]nswer:?\s+(.*)"):
        said: list[str] = re.findall(pattern, text)
        if said:
            return _first_formula(said[-1]) or _first_number(said[-1]) or said[-1].strip(" .*")
    spans = re.findall(r"\$\$(.+?)\$\$|\$(.+?)\$(\s*(?:percent|pct|%|miles))?|\\\((.+?)\\\)|\\\[(.+?)\\\]", text, re.DOTALL)
    if spans:
        last: tuple[str, ...] = spans[-1]
        return " ".join(part for part in last if part)
    bracket = re.findall(r"\[([^\[\]]*)\]", text)
    if bracket and len(text) > 20:
        return str(bracket[-1])
    if len(text) <= 30 or "\\" in text:
        return text
    return _first_number(" ".join(reversed(re.findall(r"[-+]?[0-9][0-9.,]*%?", text)))) or text


def _first_formula(text: str) -> str:
    span = re.search(r"\$(.+?)\$|\\\((.+?)\\\)", text)
    return (span[1] or span[2]) if span else ""


def _first_number(text: str) -> str:
    span = re.search(r"[-+]?[0-9][0-9.,]*(?:/[0-9]+)?\s?%?", text)
    return span[0].rstrip(".,") if span else ""


def judged(golds: Iterable[str], prediction: str, options: dict[str, Any]) -> bool | None:
    """The verdict for a row: any of the golds counts."""
    found = read_answer(prediction if options.get("pred_is_bare") else final_answer(prediction))
    verdicts = []
    for gold in golds:
        bare = options.get("gold_is_bare") or not re.search(r"[$\\]|answer", gold)
        wanted = read_answer(gold if bare else final_answer(gold))
        if isinstance(found, Answer) and isinstance(wanted, Answer):
            verdicts.append(compare_answers(wanted, found).holds)
        else:
            verdicts.append(False)
    return True if True in verdicts else None if None in verdicts else False


@pytest.mark.parametrize("file", FLOORS)
def test_no_wrong_answer_is_accepted_and_most_are_judged_right(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Unflagged cases: no false positive, and at least the share that was reached before."""
    assert FOLDER is not None
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for line in (Path(FOLDER) / file).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row.get("flag"):
            continue
        golds = row["gold"] if isinstance(row["gold"], list) else [row["gold"]]
        verdict = judged(golds, row["pred"], row.get("options", {}))
        expected = bool(row["expected"])
        kind = "right" if verdict is expected else "cannot judge" if verdict is None else "wrong yes" if verdict else "wrong no"
        counts[kind] += 1
        if kind != "right":
            wrong.append(f"{row['id']} {kind}")
    total = counts.total()
    with capsys.disabled():
        print(f"\n{file}, {total} cases: " + ", ".join(f"{name} {counts[name]} ({counts[name] / total:.1%})" for name in sorted(counts)))
    assert counts["wrong yes"] == 0, wrong
    assert counts["right"] / total >= FLOORS[file], wrong
