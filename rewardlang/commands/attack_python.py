"""Reward functions of Python as a target of `attack`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from rewardlang.attack.python_target import PythonTarget
from rewardlang.commands.python_reward import functions_of, is_target
from rewardlang.samples.problem import Problem, UsageError
from rewardlang.samples.read import Row, Samples

if TYPE_CHECKING:
    from rewardlang.attack.target import RewardTarget, Task


def python_target(text: str, judge: RewardTarget) -> PythonTarget:
    """The functions that `module:first,second` names; what they print is thrown away, thousands of calls being made.

    Raises `UsageError` for what cannot be used, and where a function fails.
    """
    if not is_target(text):
        raise UsageError(f"--python wants MODULE:FUNCTION, such as rewards:correctness; found '{text}'")
    functions = functions_of(text)
    source = Samples("the attack")
    chat = any(isinstance(task.raw_prompt, list) for task in judge.tasks)

    def points_of(texts: Sequence[tuple[Task, str]]) -> dict[str, list[float | None]]:
        rows = [_row(number, task, text, chat=chat) for number, (task, text) in enumerate(texts)]
        points: dict[str, list[float | None]] = {}
        for function in functions:
            with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
                marked = function.points(rows, source)
            problem = next((item for item in marked if isinstance(item, Problem)), None)
            if problem is not None:
                raise UsageError(problem.message)
            points[function.name] = [values[0] for values in marked if not isinstance(values, Problem)]
        return points

    return PythonTarget(tuple(function.name for function in functions), points_of, judge)


def _row(number: int, task: Task, text: str, *, chat: bool) -> Row:
    """A completion in the form that the samples have: a message of a chat, or a text."""
    completion = [{"role": "assistant", "content": text}] if chat else text
    prompt = [{"role": "user", "content": task.prompt}] if chat and not isinstance(task.raw_prompt, list) else task.raw_prompt
    values = {**task.columns, "prompt": prompt}
    return Row(id=task.name, line=number + 1, record=values, values=values, completions=(completion,), several=False)
