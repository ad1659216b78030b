"""Two rewards on the same completions: which scores differ, and which parts of the two are responsible.

A file's score is taken apart into what each rule gives after its section's weight, what caps and clamping take away,
and the gate that decided instead; the differences of these parts sum to the difference of the scores. Functions of
Python have no such parts in common with a file, so completions are grouped by who paid on either side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from rewardlang.commands.marking import MarkedRow, marked_rows
from rewardlang.explaining.words import number
from rewardlang.marks import RowMarks
from rewardlang.samples.problem import Problem

if TYPE_CHECKING:
    from rewardlang.commands.python_reward import Function
    from rewardlang.reward import Reward
    from rewardlang.samples.read import Row
    from rewardlang.scoring.rows_in_batches import RowSource

TOLERANCE = 1e-9
MOST_NAMES = 20


class Verdict(NamedTuple):
    """What one side says of one completion: `score` is None where it is left out, `parts` sum to the score."""

    score: float | None
    success: bool | None
    parts: Mapping[str, float]


class Side(Protocol):
    """One of the two rewards."""

    def verdicts(self, rows: Sequence[Row], samples: RowSource) -> Iterator[tuple[Row, tuple[Verdict, ...]] | Problem]:
        """The verdicts of each row that can be marked, and a problem for each that cannot."""


class FileSide:
    """A `.reward` file at a training step."""

    def __init__(self, reward: Reward, step: int) -> None:
        self.reward, self._step = reward, step

    def verdicts(self, rows: Sequence[Row], samples: RowSource) -> Iterator[tuple[Row, tuple[Verdict, ...]] | Problem]:
        """See `Side`."""
        for item in marked_rows(self.reward, _Rows(rows, samples), self._step):
            if isinstance(item, MarkedRow):
                yield item.row, tuple(Verdict(marks.score, marks.success, parts_of(marks)) for marks in item.marks)
            else:
                yield item


class PythonSide:
    """Functions of Python, summed."""

    def __init__(self, functions: Sequence[Function]) -> None:
        self._functions = functions

    def verdicts(self, rows: Sequence[Row], samples: RowSource) -> Iterator[tuple[Row, tuple[Verdict, ...]] | Problem]:
        """See `Side`."""
        from rewardlang.commands.python_reward import PythonMarks

        columns = [function.points(rows, samples) for function in self._functions]
        for index, row in enumerate(rows):
            yield from row.warnings
            given = {function.name: column[index] for function, column in zip(self._functions, columns, strict=True)}
            problems = [points for points in given.values() if isinstance(points, Problem)]
            yield from problems
            if not problems:
                lists = {name: points for name, points in given.items() if not isinstance(points, Problem)}
                marks = [PythonMarks({name: points[which] for name, points in lists.items()}) for which in range(len(row.completions))]
                yield row, tuple(Verdict(mark.score, None, {n: p for n, p in mark.points.items() if p}) for mark in marks)


class _Rows:
    """Rows that were read already, in the place of a file of samples."""

    def __init__(self, rows: Sequence[Row], samples: RowSource) -> None:
        self.name, self.counted = samples.name, samples.counted
        self._rows = rows

    def __iter__(self) -> Iterator[Row | Problem]:
        return iter(self._rows)


def parts_of(marks: RowMarks) -> dict[str, float]:
    """What gave the score, by name; parts that gave nothing are left out."""
    if marks.gate is not None:
        return {f"require {marks.gate.words}": marks.gate.score} if marks.gate.score else {}
    weights = {section.section: section.weight for section in marks.sections}
    parts = {f"rule {mark.rule}": float(mark.points * weights[mark.section]) for mark in marks.marks}
    for section in marks.sections:
        name = f"section {section.section}" if section.section is not None else "rules of no section"
        parts[f"caps of {name}"] = float((section.capped - section.raw) * section.weight)
    parts["clamping"] = marks.clamping
    return {name: points for name, points in parts.items() if points}


class Changed(NamedTuple):
    """A completion whose score changed, as a cause shows it; `old` and `new` are the cause's own points."""

    row: str
    completion: int | None
    old_score: float | None
    new_score: float | None
    old: Mapping[str, float]
    new: Mapping[str, float]

    @property
    def label(self) -> str:
        """The row's id, and which completion where it has several."""
        return self.row if self.completion is None else f"{self.row}, completion {self.completion}"


class Cause:
    """A part, or a group of completions, behind changed scores: how many, by how much in all, and the largest few."""

    def __init__(self, name: str, most: int) -> None:
        self.name, self._most = name, most
        self.completions, self.gained, self.lost = 0, 0.0, 0.0
        self._shown: list[tuple[float, Changed]] = []

    def add(self, change: float, changed: Changed) -> None:
        """Takes one completion."""
        self.completions += 1
        self.gained += max(change, 0.0)
        self.lost += min(change, 0.0)
        self._shown.append((-abs(change), changed))
        self._shown.sort(key=lambda entry: entry[0])
        del self._shown[self._most :]

    @property
    def shown(self) -> tuple[Changed, ...]:
        """The completions that changed most."""
        return tuple(changed for _, changed in self._shown)


class Names:
    """How many completions, and the first few of them."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[str] = []

    def add(self, label: str) -> None:
        """Takes one."""
        self.count += 1
        if len(self.first) < MOST_NAMES:
            self.first.append(label)

    def to_json(self) -> dict[str, Any]:
        """Count, and the first ones."""
        return {"count": self.count, "rows": self.first}


class Comparison:
    """All that the comparison found; rows are taken one at a time and not kept."""

    def __init__(self, *, by_part: bool, most: int) -> None:
        self._by_part, self._most = by_part, most
        self.rows = self.completions = self.both_scored = self.changed = 0
        self.low = self.high = self.total = 0.0
        self.causes: dict[str, Cause] = {}
        self.newly_skipped, self.no_longer_skipped, self.success_lost, self.success_won = Names(), Names(), Names(), Names()
        self.problems: list[Problem] = []

    @property
    def scores_change(self) -> bool:
        """Whether any completion scores otherwise, skips included."""
        return bool(self.changed or self.newly_skipped.count or self.no_longer_skipped.count)

    def largest_causes(self) -> list[Cause]:
        """The causes, the one that moved most points first."""
        return sorted(self.causes.values(), key=lambda cause: (cause.lost - cause.gained, cause.name))

    def add(self, row: Row, old: Sequence[Verdict], new: Sequence[Verdict]) -> None:
        """Takes the verdicts of both sides on all completions of a row."""
        self.rows += 1
        for which, (before, after) in enumerate(zip(old, new, strict=True), start=1):
            self.completions += 1
            self._compare(row.id, which if row.several else None, before, after)

    def _compare(self, row: str, which: int | None, before: Verdict, after: Verdict) -> None:
        changed = Changed(row, which, before.score, after.score, {}, {})
        if before.success is not None and after.success is not None and before.success != after.success:
            (self.success_won if after.success else self.success_lost).add(changed.label)
        if before.score is None or after.score is None:
            if before.score is not after.score:
                (self.newly_skipped if after.score is None else self.no_longer_skipped).add(changed.label)
            return
        self.both_scored += 1
        change = after.score - before.score
        if abs(change) <= TOLERANCE:
            return
        self.low, self.high = (min(self.low, change), max(self.high, change)) if self.changed else (change, change)
        self.changed += 1
        self.total += change
        for name, old, new in self._parts(before, after):
            part = sum(new.values()) - sum(old.values())
            self.causes.setdefault(name, Cause(name, self._most)).add(part, changed._replace(old=old, new=new))

    def _parts(self, before: Verdict, after: Verdict) -> Iterator[tuple[str, Mapping[str, float], Mapping[str, float]]]:
        if not self._by_part:
            yield f"OLD paid {_names(before.parts)}, NEW pays {_names(after.parts)}", before.parts, after.parts
            return
        for name in dict.fromkeys([*before.parts, *after.parts]):
            old, new = before.parts.get(name, 0.0), after.parts.get(name, 0.0)
            if abs(new - old) > TOLERANCE:
                yield name, {name: old}, {name: new}


def _names(parts: Iterable[str]) -> str:
    return " + ".join(name.removeprefix("rule ") for name in parts) or "nothing"


def told_parts(changed: Changed) -> str:
    """`rule correct 2 -> 0`, or the points of either side where they have different parts."""
    if changed.old.keys() == changed.new.keys() and len(changed.old) == 1:
        ((name, old),) = changed.old.items()
        return f"{name} {number(old)} -> {number(changed.new[name])}"
    sides = [
        ", ".join(f"{name.removeprefix('rule ')} {number(points)}" for name, points in parts.items()) or "nothing"
        for parts in (changed.old, changed.new)
    ]
    return f"OLD {sides[0]}; NEW {sides[1]}"


def compare(old: Side, new: Side, files: Iterable[RowSource], comparison: Comparison) -> None:
    """Marks every row of the files on both sides and adds them to the comparison. Raises `VerifierBreakdown` as marking does."""
    from rewardlang.samples.read import Row
    from rewardlang.scoring.rows_in_batches import batches

    for samples in files:
        for batch in batches(samples):
            told = [item for item in batch if isinstance(item, Problem)]
            rows = [item for item in batch if isinstance(item, Row)]
            found: list[dict[int, tuple[Verdict, ...]]] = []  # by the row's identity: ids and lines may occur twice
            for side in (old, new):
                marked: dict[int, tuple[Verdict, ...]] = {}
                for item in side.verdicts(rows, samples):
                    if isinstance(item, Problem):
                        told.append(item)
                    else:
                        marked[id(item[0])] = item[1]
                found.append(marked)
            comparison.problems += dict.fromkeys(told)
            for row in rows:
                if id(row) in found[0] and id(row) in found[1]:
                    comparison.add(row, found[0][id(row)], found[1][id(row)])
