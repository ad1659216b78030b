"""The reward of `gsm8k.reward` as functions that people write for TRL: regular expressions, math-verify, and a set of words.

A script of its own: reads batches as JSON lines, marks them, and prints seconds (by the clock, of the processor) and totals. It needs
`math-verify==0.9.0`, the path of a list of words, one a line, and how math-verify is wired: `fastest` or `trl`.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from pathlib import Path
from typing import Any

Chats = list[list[dict[str, str]]]
_WORD = re.compile(r"[A-Za-z']+")


def final_answer(text: str) -> str | None:
    """The text of the one answer block."""
    found = re.findall(r"<answer>(.*?)</answer>", text, re.DOTALL)
    return found[0].strip() if len(found) == 1 else None


class Correctness:
    """2 points for an answer that math-verify finds equal: without time limits, or configured as by TRL's accuracy_reward."""

    def __init__(self, as_trl: bool) -> None:
        from latex2sympy2_extended import NormalizationConfig
        from math_verify import LatexExtractionConfig

        self.limits: dict[str, Any] = {"parsing_timeout": 10 if as_trl else None}
        self.seconds = 5 if as_trl else None
        self.finding = dict(self.limits)
        if as_trl:
            normal = NormalizationConfig(units=True)
            one = LatexExtractionConfig(normalization_config=normal, boxed_match_priority=0, try_extract_without_anchor=False)
            self.finding |= {"extraction_config": [one], "extraction_mode": "first_match"}

    def __call__(self, completions: Chats, gold: list[str], **_: Any) -> list[float]:
        """Points of each completion."""
        from math_verify import parse, verify

        points = []
        for chat, wanted in zip(completions, gold, strict=True):
            said = final_answer(chat[0]["content"])
            if said is None:
                points.append(0.0)
                continue
            boxed = said if "\\boxed" in said else "\\boxed{" + said.strip("$") + "}"
            equal = verify(parse(f"${wanted}$", **self.limits), parse(boxed, **self.finding), timeout_seconds=self.seconds)
            points.append(2.0 if equal else 0.0)
        return points


def thinks(completions: Chats, **_: Any) -> list[float]:
    """Half a point for reasoning in its tags."""
    texts = [chat[0]["content"] for chat in completions]
    return [0.5 if text.startswith("<think>") and text.count("<think>") == 1 else 0.0 for text in texts]


def answers(completions: Chats, **_: Any) -> list[float]:
    """Half a point for one answer block."""
    return [0.0 if final_answer(chat[0]["content"]) is None else 0.5 for chat in completions]


class Spelling:
    """A tenth of a point off for each distinct word that is in no dictionary, up to one point."""

    def __init__(self, words: set[str]) -> None:
        self.words = words

    def __call__(self, completions: Chats, **_: Any) -> list[float]:
        """Points of each completion, 0 or less."""
        points = []
        for chat in completions:
            text = re.sub(r"<[^>]*>", " ", chat[0]["content"])
            wrong = {word.lower() for word in _WORD.findall(text) if len(word) > 2 and word.lower().strip("'") not in self.words}
            points.append(-min(0.1 * len(wrong), 1.0))
        return points


def main() -> None:
    """Answers each line of standard input, a JSON object with `completions` and `gold`."""
    logging.disable(logging.CRITICAL)
    words = set(Path(sys.argv[1]).read_text(encoding="utf-8").split())
    functions = (Correctness(sys.argv[2] == "trl"), thinks, answers, Spelling(words))
    for line in sys.stdin:
        batch = json.loads(line)
        began, busy = time.perf_counter(), time.process_time()
        columns = [function(**batch) for function in functions]
        seconds = time.perf_counter() - began, time.process_time() - busy
        print(json.dumps([seconds, [sum(points) for points in zip(*columns, strict=True)], columns[0]]), flush=True)


if __name__ == "__main__":
    main()
