"""What is attacked: rows with their columns, and a way to mark texts on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from rewardlang.reward import Reward

_BATCH = 512
_PER_COMPLETION = ("truncated", "completion_tokens")


class Task(NamedTuple):
    """A row to be answered. `columns` are raw, by their names in the data.

    `prompt` is the text of the last question, `prefill` what an assistant message at the end of the prompt has begun.
    """

    name: str
    raw_prompt: Any
    columns: Mapping[str, Any]
    prompt: str
    prefill: str = ""


class Marked(NamedTuple):
    """How a text came out on a row: the score (None: skipped), whether `success` holds (None: not defined), points of each rule."""

    score: float | None
    right: bool | None
    points: tuple[float, ...]


class Target(Protocol):
    """A reward under attack. `rules` name the points of `Marked`, and `tasks` are the rows."""

    rules: tuple[str, ...]
    tasks: Sequence[Task]

    def mark(self, texts: Sequence[tuple[int, str]]) -> list[Marked]:
        """Marks (number of the task, text) pairs."""


class RewardTarget:
    """A reward file. Raises what `Reward.score` raises."""

    def __init__(self, reward: Reward, tasks: Sequence[Task]) -> None:
        self.rules = reward.rules
        self.tasks = tasks
        self._reward = reward
        self._names = [name for name in reward.columns if name not in _PER_COMPLETION]
        there = {name for task in tasks for name in task.columns}
        self._names += [name for name in (*_PER_COMPLETION, "system") if name in reward.columns or name in there]

    def mark(self, texts: Sequence[tuple[int, str]]) -> list[Marked]:
        """In batches, so that progress can be shown between them."""
        return [marked for start in range(0, len(texts), _BATCH) for marked in self._batch(texts[start : start + _BATCH])]

    def _batch(self, texts: Sequence[tuple[int, str]]) -> list[Marked]:
        tasks = [self.tasks[number] for number, _ in texts]
        columns = {name: [task.columns.get(name) for task in tasks] for name in dict.fromkeys(self._names)}
        scores = self._reward.score([text for _, text in texts], prompts=[task.raw_prompt for task in tasks], columns=columns)
        values = scores.values.tolist()
        rights = scores.success.tolist() if scores.success is not None else None
        rules = [scores.rules[name].tolist() for name in self.rules]
        return [
            Marked(None, None, ())
            if isnan(value)  # the row is skipped
            else Marked(value, None if rights is None else bool(rights[index]), tuple(points[index] for points in rules))
            for index, value in enumerate(values)
        ]


def question_of(prompt: Any) -> tuple[str, str]:
    """The text of a prompt (of a chat, the last message of the user) and the prefill with which the answer begins."""
    if isinstance(prompt, str):
        return prompt, ""
    if not isinstance(prompt, Sequence):
        return "", ""
    users = [_text(message) for message in prompt if message.get("role") == "user"]
    prefill = _text(prompt[-1]) if prompt and prompt[-1].get("role") == "assistant" else ""
    return users[-1] if users else "", prefill


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    return content if isinstance(content, str) else ""
