"""Reward functions of Python under attack; a reward file beside them says what is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rewardlang.attack.target import Marked, RewardTarget, Task

PointsOf = Callable[[Sequence[tuple[Task, str]]], dict[str, list[float | None]]]


class PythonTarget:
    """Functions whose points are summed, as TRL sums them; `points_of` calls them. Only `right` comes from the reward file."""

    def __init__(self, names: tuple[str, ...], points_of: PointsOf, judge: RewardTarget) -> None:
        self.rules = names
        self.tasks = judge.tasks
        self._points_of, self._judge = points_of, judge

    def mark(self, texts: Sequence[tuple[int, str]]) -> list[Marked]:
        """A row that the file skips, or that all functions leave out, is skipped."""
        judged = self._judge.mark(texts)
        points = self._points_of([(self.tasks[number], text) for number, text in texts])
        marked = []
        for index, verdict in enumerate(judged):
            given = [points[name][index] for name in self.rules]
            known = [value for value in given if value is not None]
            if verdict.score is None or not known:
                marked.append(Marked(None, None, ()))
            else:
                marked.append(Marked(sum(known), verdict.right, tuple(value or 0.0 for value in given)))
        return marked
