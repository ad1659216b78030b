"""What is kept of every marked completion: numbers of all of them, the whole of some."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rewardlang.marks import RowMarks
from rewardlang.record import NamedTuple
from rewardlang.samples.read import Row
from rewardlang.types import NumberType, TextType

if TYPE_CHECKING:
    from random import Random

    from rewardlang.reward import Reward

_NAN = float("nan")
_MOST_CHARACTERS = 20_000_000


class Kept(NamedTuple):
    """A completion with its row. `number` counts completions over all files from 1, `completion` those of its row."""

    number: int
    file: str
    row: Row
    completion: int
    marks: RowMarks


class Collected:
    """Grows by a few doubles a completion. Of whole rows at most `keep` are held, a sample of all, and the notable ones besides.

    Fewer are held where they have more than 20 million characters together, which is what a browser opens in a second or two.
    """

    def __init__(self, reward: Reward, step: int, keep: int, marks_column: str | None = None) -> None:
        self.reward, self.step, self.marks_column = reward, step, marks_column
        self.marks = array("d")
        self.titles: list[str] = []
        self.numbers: list[int] = []
        self.names: tuple[str, ...] = ()
        self.rules = list(reward.program.rules)
        self.scores = array("d")
        self.lengths = array("d")
        self.right = array("d")
        self.points = {rule.name: array("d") for rule in self.rules}
        self.fired = dict.fromkeys(self.points, 0)
        self.columns = {
            column.original: array("d") for column in reward.program.columns.values() if isinstance(column.type, NumberType | TextType)
        }
        self.groups: dict[str, list[float]] = {}
        self.sample: list[Kept] = []
        self.best: Kept | None = None
        self.worst: Kept | None = None
        self.best_wrong: Kept | None = None
        self.worst_right: Kept | None = None
        self.seen = self.skipped = 0
        self._keep = keep
        self._held = 0
        self._record: Callable[[int], RowMarks] = ().__getitem__

    @cached_property
    def _chance(self) -> Random:
        from random import Random

        return Random(0)

    def add(self, file: str, row: Row, marks: tuple[RowMarks, ...], record: Callable[[int], RowMarks] | None = None) -> None:
        """A row with the marks of its completions, of which numbers are enough if `record` gives the full record of each."""
        self.names = self.names or tuple(row.values)
        self._record = marks.__getitem__ if record is None else record
        for index, one in enumerate(marks):
            self.seen += 1
            kept = Kept(self.seen, file, row, index + 1, one)
            self._into_sample(kept)
            if one.score is None:
                self.skipped += 1
                continue
            self._numbers(kept, one.score)
            self._notable(kept, one.score)

    def _numbers(self, kept: Kept, score: float) -> None:
        row, marks = kept.row, kept.marks
        self.scores.append(score)
        self.lengths.append(len(marks.completion.split()))
        self.right.append(_NAN if marks.success is None else float(marks.success))
        given = {mark.rule: mark for mark in marks.marks}
        for name, points in self.points.items():
            mark = given.get(name)
            points.append(0.0 if mark is None else float(mark.points))
            self.fired[name] += mark is not None and mark.fired
        for name, values in self.columns.items():
            values.append(as_number(row.values.get(name)))
        if self.marks_column is not None:
            self.marks.append(_mark(row, self.marks_column, kept.completion - 1))
            self.titles.append(title_of(kept))
            self.numbers.append(kept.number)
        prompt = row.values.get("prompt")
        key = f"{kept.file}\0{row.line}" if prompt is None else json.dumps(prompt, sort_keys=True, default=str)
        self.groups.setdefault(key, []).append(score)

    def _notable(self, kept: Kept, score: float) -> None:
        if self.best is None or score > (self.best.marks.score or 0.0):
            self.best = self._whole(kept)
        if self.worst is None or score < (self.worst.marks.score or 0.0):
            self.worst = self._whole(kept)
        if kept.marks.success is False and (self.best_wrong is None or score > (self.best_wrong.marks.score or 0.0)):
            self.best_wrong = self._whole(kept)
        if kept.marks.success and (self.worst_right is None or score < (self.worst_right.marks.score or 0.0)):
            self.worst_right = self._whole(kept)

    def _whole(self, kept: Kept) -> Kept:
        """A completion of the row that is being added, with its full record."""
        return kept._replace(marks=self._record(kept.completion - 1))

    def _into_sample(self, kept: Kept) -> None:
        """Each completion with the same chance, from a fixed seed (reservoir sampling)."""
        if len(self.sample) < self._keep:
            self.sample.append(self._whole(kept))
        elif not self._keep or (place := self._chance.randrange(self.seen)) >= self._keep:
            return
        else:
            self._held -= _characters(self.sample[place])
            self.sample[place] = self._whole(kept)
        self._held += _characters(kept)
        while self._held > _MOST_CHARACTERS and len(self.sample) > 1:
            self._held -= _characters(self.sample.pop(self._chance.randrange(len(self.sample))))
            self._keep = len(self.sample)

    def shown(self) -> list[Kept]:
        """The sample and the notable completions, in the order of the data."""
        notable = [kept for kept in (self.best, self.worst, self.best_wrong, self.worst_right) if kept is not None]
        return sorted({kept.number: kept for kept in [*self.sample, *notable]}.values(), key=lambda kept: kept.number)


def _characters(kept: Kept) -> int:
    """About what a completion takes in a page: itself, and the texts of its row."""
    texts = (value for name, value in kept.row.values.items() if isinstance(value, str) and name != "completion")
    return len(kept.row.completions[kept.completion - 1]) + sum(map(len, texts))


def title_of(kept: Kept) -> str:
    """`row 'q7', completion 2`, the number where the row has several."""
    which = f", completion {kept.completion}" if len(kept.row.completions) > 1 else ""
    return f"row '{kept.row.id}'{which}"


def _mark(row: Row, column: str, index: int) -> float:
    """The expert's mark of a completion: the row's, or its own where the row has a list of them. Right or wrong is 1 or 0."""
    value = row.values.get(column)
    if row.several and isinstance(value, list) and len(value) == len(row.completions):
        value = value[index]
    return float(value) if isinstance(value, bool) else as_number(value)


def as_number(value: Any) -> float:
    """A value of a row as a double, NaN where it is none."""
    if isinstance(value, bool) or value is None:
        return _NAN
    try:
        number = float(value)
    except (TypeError, ValueError):
        return _NAN
    return number if abs(number) < float("inf") else _NAN
