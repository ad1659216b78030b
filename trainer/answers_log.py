"""The held-out answers of a run, one JSON line each: those of the first measurement, and those of the last."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from rewardlang.trainer.checkpoints import replace_text
from rewardlang.trainer.data import Row
from rewardlang.trainer.evaluate import Evaluation

Answer: TypeAlias = dict[str, Any]

_FOLDER = "held_out"


def write_answers(run: Path, rows: Sequence[Row], evaluation: Evaluation, step: int) -> None:
    """Keeps the answers of this step, and of step 0; those of a measurement between are replaced."""
    folder = run / _FOLDER
    folder.mkdir(exist_ok=True)
    scores = evaluation.scores
    lines = []
    for index, (row, completion) in enumerate(zip(rows, evaluation.completions, strict=True)):
        score = float(scores.values[index])
        success = None if scores.success is None else bool(scores.success[index] == 1.0)
        answer: Answer = {
            "prompt": row["prompt"],
            "completion": completion,
            "score": None if math.isnan(score) else score,
            "success": success,
            "points": {name: None if math.isnan(points[index]) else float(points[index]) for name, points in scores.rules.items()},
        }
        lines.append(json.dumps(answer, ensure_ascii=True) + "\n")
    replace_text(folder / _name(step), "".join(lines))
    for path in folder.glob("step-*.jsonl"):
        if path.name not in (_name(0), _name(step)):
            path.unlink()


def read_answers(run: Path) -> tuple[list[Answer], list[Answer], int]:
    """The first answers, the last ones and the step of those; empty lists where there are none."""
    found = sorted((run / _FOLDER).glob("step-*.jsonl"))
    if not found:
        return [], [], 0
    first, last = ([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] for path in (found[0], found[-1]))
    return (first if found[0].name == _name(0) else []), last, int(found[-1].stem.removeprefix("step-"))


def _name(step: int) -> str:
    return f"step-{step:08d}.jsonl"
