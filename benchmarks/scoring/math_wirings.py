"""Two ways in which an answer comes to be compared: cut out as its suite says, or found in the whole completion."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rewardlang.answers.agreement import agreeing_decimals
from rewardlang.answers.boxes import boxes
from rewardlang.answers.compare import compare_answers
from rewardlang.answers.final import final_answer
from rewardlang.answers.parse import read_answer
from rewardlang.answers.spans import maths_spans
from rewardlang.answers.symbolic import decide
from rewardlang.answers.values import Answer

Wiring = Literal["cut out", "found"]
FEW_DECIMALS = 6
"""Suites that compare to fewer decimals are wired with `agreeing_decimals`, for `equals` takes no rounded number for the exact one."""


class Judged(NamedTuple):
    """The verdict, the tier that reached it (`exact`, `symbolic`, `rounded`, `missing`), and what was compared, for people."""

    verdict: bool | None
    tier: str
    compared: str


def rows(path: Path, *, english: bool = True) -> Iterator[dict[str, Any]]:
    """The unflagged rows of a file of cases."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if not row.get("flag") and not (english and row.get("options", {}).get("language")):
            yield row


def judged(row: dict[str, Any], wiring: Wiring) -> Judged:
    """The verdict on a row: any of its golds counts."""
    options = row.get("options", {})
    golds = row["gold"] if isinstance(row["gold"], list) else [row["gold"]]
    written = _found(row["pred"]) if wiring == "found" else cut_out(row["pred"], options)
    answer = read_answer(written)
    best = Judged(False, "missing", written)
    for gold in golds:
        bare = options.get("gold_is_bare") or not re.search(r"[$\\]|answer", gold)
        wanted = read_answer(gold if bare else _found(gold))
        if not isinstance(answer, Answer) or not isinstance(wanted, Answer):
            continue
        result = _compared(wanted, answer, options.get("precision", FEW_DECIMALS), written)
        if result.verdict:
            return result
        if best.tier == "missing" or result.verdict is None:
            best = result
    return best


def _compared(wanted: Answer, answer: Answer, decimals: int, written: str) -> Judged:
    exact = compare_answers(wanted, answer)
    verdict = exact if exact.holds is not None else decide(wanted, answer)
    tier = "exact" if exact.holds is not None else "symbolic" if verdict.holds is not None else "open"
    if not verdict.holds and decimals < FEW_DECIMALS:
        agree = agreeing_decimals(wanted, answer)
        if isinstance(agree, Fraction) and agree >= decimals:
            return Judged(True, "rounded", written)
    return Judged(verdict.holds, tier, f"{written} | {verdict.reason}")


def _found(text: str) -> str:
    final = final_answer(text)
    return "" if final is None else final.answer


def cut_out(text: str, options: dict[str, Any]) -> str:
    """What a caller hands over who knows how the suite marks its answers."""
    if options.get("pred_is_bare"):
        return text
    if options.get("extraction") == "last_bracket":
        found: list[str] = re.findall(r"\[([^\[\]]*)\]", text)
        return found[-1] if found else text
    if options.get("extraction") == "last_number":
        found = re.findall(r"[-+]?[0-9][0-9.,]*", text)
        return found[-1].rstrip(".,") if found else text
    inside, spans = boxes(text), maths_spans(text)
    if len(inside) == 1 and not text[inside[0].end :].strip(" .$\\]})\n"):
        return inside[0].content
    if len(spans) == 1 and not inside and spans[0].start == 0 and spans[0].end == len(text):
        return spans[0].content
    return _found(text)
