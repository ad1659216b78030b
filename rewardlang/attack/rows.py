"""Rows of samples and examples of the file as tasks with their answers; rows that ask the same are one task."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rewardlang.attack.attack import question_key
from rewardlang.attack.baseline import Answer
from rewardlang.attack.target import Marked, Task, question_of
from rewardlang.marks import RowMarks
from rewardlang.reward import Reward
from rewardlang.types import OptionalType

_OF_EVERY_ROW = ("system", "truncated", "completion_tokens")


class Rows:
    """Gathers tasks and answers; `marked` are marks of a reward file."""

    def __init__(self, reward: Reward) -> None:
        self.tasks: list[Task] = []
        self.answers: list[Answer] = []
        self._reward = reward
        self._numbers: dict[str, int] = {}

    def add(self, name: str, prompt: Any, values: Mapping[str, Any], marks: Iterable[RowMarks]) -> None:
        """A row; of its values the declared columns count, and what every row may have."""
        columns = {column: values[column] for column in (*self._reward.columns, *_OF_EVERY_ROW) if values.get(column) is not None}
        columns.update(_of_an_attack(columns))
        question, prefill = question_of(prompt)
        task = Task(name, prompt, columns, question, prefill)
        number = self._numbers.setdefault(question_key(task), len(self.tasks))
        if number == len(self.tasks):
            self.tasks.append(task)
        for one in marks:
            self.answers.append(Answer(number, one.completion.removeprefix(prefill), self._marked(one)))

    def add_examples(self) -> None:
        """The examples and attacks of the file that give every column and change neither params nor the step."""
        program = self._reward.program
        for example, result in zip(program.examples, self._reward.run_examples(), strict=True):
            given = {column.original: example.values[name] for name, column in program.columns.items() if name in example.values}
            needed = [column.original for column in program.columns.values() if not isinstance(column.type, OptionalType)]
            if all(name in given for name in needed) and not example.step and not program.params.keys() & example.values.keys():
                extra = {name: example.values[name] for name in _OF_EVERY_ROW if name in example.values}
                self.add(f'example "{example.title}"', example.values.get("prompt"), {**extra, **given}, [result.row])

    def _marked(self, row: RowMarks) -> Marked:
        points = {mark.rule: float(mark.points) for mark in row.marks}
        return Marked(row.score, row.success, () if row.score is None else tuple(points.get(name, 0.0) for name in self._reward.rules))


def _of_an_attack(columns: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """No attack is cut off; where the completions of a row have counts of tokens each, it is as short as the shortest."""
    if "truncated" in columns:
        yield "truncated", False
    counts = columns.get("completion_tokens")
    if isinstance(counts, list):
        yield "completion_tokens", min((count for count in counts if count is not None), default=None)
