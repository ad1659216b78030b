"""The text rewards of TRL, Open-R1, verl and Open-Instruct, written as `.reward` files in `peers/`: their values are equal.

The expected values beside the cases here were computed from the formulas that the projects publish. The projects' own cases are
read where they stand, in the folder that REWARDLANG_CONFORMANCE names.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

import rewardlang

PEERS = Path(__file__).parent / "peers"
FOLDER = os.environ.get("REWARDLANG_CONFORMANCE")
BOXED = "\\boxed{\\frac{1}{3}}"

CASES: list[tuple[str, dict[str, Any], dict[str, Any], float]] = [
    ("trl_think_format", {}, {"completion": "<think>\na\n</think>\nb"}, 1),
    ("trl_think_format", {}, {"completion": "<think>a</think>"}, 1),
    ("trl_think_format", {}, {"completion": "<think>a<think>b</think>c"}, 0),
    ("trl_think_format", {}, {"completion": "x <think>a</think>"}, 0),
    ("trl_think_format", {}, {"completion": "<think>a"}, 0),
    *(("trl_soft_overlong", {}, {"completion": "", "tokens": n}, value) for n, value in [(80, 0), (85, -0.25), (90, -0.5), (101, -1)]),
    ("trl_repetition", {"n": 2}, {"completion": "", "token_ids": "5 5 5 5 5"}, -0.75),
    ("trl_repetition", {"n": 2}, {"completion": "", "token_ids": "1 2 3 4"}, 0),
    ("trl_repetition", {"n": 3}, {"completion": "", "token_ids": ""}, 0),
    ("open_r1_repetition", {"n": 2}, {"completion": "A b a B"}, -1 / 3),
    ("open_r1_repetition_zh", {"n": 2}, {"completion": "这个这个这个这个这个"}, -0.75),
    ("open_r1_repetition", {"n": 3, "penalty": 0.5}, {"completion": "on on on on"}, -0.25),
    *(
        (
            "trl_cosine_scaled",
            {},
            {"completion": text, "gold": "\\frac{1}{3}", "tokens": n},
            low + 0.5 * step * (1 + math.cos(math.pi * n / 100)),
        )
        for text, low, step in [(BOXED, 0.5, 0.5), ("\\boxed{7}", -0.5, -0.5)]
        for n in (0, 10, 50, 100)
    ),
    ("open_r1_format", {}, {"completion": "<think>\na\n</think>\n<answer>\nb\n</answer>"}, 1),
    ("open_r1_format", {}, {"completion": "<think>a</think>\n<answer>\nb\n</answer>"}, 0),
    ("open_r1_tag_count", {}, {"completion": "<think>\na\n</think>\n<answer>\nb\n</answer>"}, 1),
    ("open_r1_tag_count", {}, {"completion": "<think>\na\n</think>\n</think>\n"}, 0.5),
    ("open_r1_reasoning_steps", {}, {"completion": "1. one\n- two"}, 2 / 3),
    ("open_r1_reasoning_steps", {}, {"completion": "none"}, 0),
    ("verl_gsm8k", {}, {"completion": "so #### 1,234", "answer": "1234"}, 1),
    ("verl_gsm8k", {}, {"completion": "#### 3\n#### 4", "answer": "3"}, 0),
    ("verl_gsm8k", {}, {"completion": "4", "answer": "4"}, 0),
    ("open_instruct_puzzle", {}, {"completion": "<think>hm</think><answer>The USA!</answer>", "gold": "usa|United States"}, 1),
    ("open_instruct_puzzle", {}, {"completion": "USA or so", "gold": "usa"}, 0),
    ("open_instruct_f1", {}, {"completion": "hello there", "gold": "Hello, world"}, 0.5),
]


def _score(file: str, params: dict[str, Any], row: dict[str, Any]) -> float:
    return rewardlang.load(PEERS / f"{file}.reward", params=params).score_one(**row)


@pytest.mark.parametrize(("file", "params", "row", "expected"), CASES)
def test_values_are_equal(file: str, params: dict[str, Any], row: dict[str, Any], expected: float) -> None:
    """The file scores what the other project's function returns."""
    assert _score(file, params, row) == pytest.approx(expected, abs=1e-9)


def _as_file(case: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
    """Which file scores a case of the folder, with which params and row; None for kinds that are no text rewards."""
    options = case.get("options") or {}
    text = case["pred"]
    match case["kind"]:
        case "think_format":
            return "trl_think_format", {}, {"completion": text}
        case "repetition_penalty_reward":
            row = {"completion": "", "token_ids": " ".join(map(str, text))}
            return "trl_repetition", {"n": options["ngram_size"], "penalty": -options["max_penalty"]}, row
        case "repetition_penalty_words" if options.get("language", "en") == "en":
            return "open_r1_repetition", {"n": options["ngram_size"], "penalty": -options["max_penalty"]}, {"completion": text}
        case "repetition_penalty_words":  # Chinese
            return "open_r1_repetition_zh", {"n": options["ngram_size"], "penalty": -options["max_penalty"]}, {"completion": text}
        case "cosine_scaled":
            return "trl_cosine_scaled", {}, {"completion": text, "gold": case["gold"], "tokens": options["n_tokens"]}
        case "format_think_answer":
            return "open_r1_format", {}, {"completion": text}
        case "tag_count" | "reasoning_steps":
            return f"open_r1_{case['kind']}", {}, {"completion": text}
        case "puzzle_string":
            return "open_instruct_puzzle", {}, {"completion": text, "gold": case["gold"]}
        case "f1":
            golds = [case["gold"]] if isinstance(case["gold"], str) else case["gold"]
            return "open_instruct_f1", {}, {"completion": text, "gold": golds[-1]}
    return None


@pytest.mark.skipif(FOLDER is None, reason="REWARDLANG_CONFORMANCE does not name the folder of the cases")
def test_the_projects_own_cases_have_equal_values() -> None:
    """Every case of TRL's, Open-R1's and Open-Instruct's suites that is about text scores what they expect."""
    assert FOLDER is not None
    wrong, seen = [], 0
    for line in (Path(FOLDER) / "text_reward.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if (found := _as_file(case)) is not None:
            seen += 1
            score = _score(*found)
            if score != pytest.approx(case["expected"], abs=1e-5):
                wrong.append((case["id"], case["kind"], score, case["expected"]))
    assert not wrong
    assert seen >= 50
