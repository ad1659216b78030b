"""A whole run: all pieces into the target, in order, what is wrong told, and the counts of what was done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeAlias

from rewardlang.samples.problem import Problem
from rewardlang.samples.read import Samples
from rewardlang.scoring.growing import Entry
from rewardlang.scoring.inputs import Part
from rewardlang.scoring.pieces import Job, Piece, pieces_in_order
from rewardlang.scoring.progress import Progress
from rewardlang.scoring.rows_in_batches import lacking, missing_column
from rewardlang.scoring.table_chunks import names_of, renamed
from rewardlang.scoring.targets import Target

MOST_PROBLEMS = 20

Engine: TypeAlias = Callable[[Job, Sequence[Part], int, int], Iterator[Piece]]
"""Gives all pieces in order, from a part on, less so many of that part's."""


class Refused(Exception):
    """Rows that cannot be scored, or a run that cannot go on: nothing is written. `misused` says that the call was wrong."""

    def __init__(self, message: str = "", *, misused: bool = False) -> None:
        self.misused = misused
        super().__init__(message)


class EngineLost(Exception):
    """Processes that score have ended, although they were started again; what was done before is kept."""


class Source(NamedTuple):
    """All that is read: what messages call it, and whether it has changed since the run began."""

    name: str
    changed: Callable[[], bool]


class Counts(NamedTuple):
    """What was scored; `resumed` are the rows of an earlier run among `rows`, `untold` the warnings after the twentieth."""

    rows: int
    completions: int
    skipped: int
    total: float
    resumed: int
    untold: int

    @property
    def mean(self) -> float | None:
        """The mean score of what was not skipped."""
        marked = self.completions - self.skipped
        return self.total / marked if marked else None


def one_after_the_other(job: Job, parts: Sequence[Part], first: int, skip: int) -> Iterator[Piece]:
    """The local engine: the parts in this process."""
    return pieces_in_order(job, ((index, parts[index], skip if index == first else 0) for index in range(first, len(parts))))


def check_tables(job: Job, parts: Sequence[Part]) -> Iterator[Problem]:
    """What the columns of Parquet files say before a row is read: a declared column that a file lacks."""
    for path in dict.fromkeys(part.path for part in parts if part.form == "groups"):
        samples = Samples(path, job.renames)
        there = renamed(names_of(path), job.renames)
        for column in lacking(job.reward, there):
            yield missing_column(job.reward, samples, column, list(there))


def run(job: Job, parts: Sequence[Part], engine: Engine, target: Target, tell: Callable[[Problem], None], source: Source) -> Counts:
    """Scores everything that the target does not have yet, and finishes it.

    Raises `Refused` after the last row, or the twentieth problem, where a row cannot be scored, and where a file has changed.
    """
    done = list(target.entries)
    first, skip = (done[-1].part, done[-1].number + 1) if done else (0, 0)
    progress = Progress(sum(part.size for part in parts), sum(entry.size for entry in done))
    counted = list[Entry | Piece](done)
    seen = {name for entry in done for name in entry.seen}
    problems = bad = 0
    with ThreadPoolExecutor(1) as writing:
        added: Future[None] | None = None
        for piece in engine(job, parts, first, skip):
            if piece.problems or piece.stopped:
                progress.erase()
            for problem in piece.problems[: max(0, MOST_PROBLEMS - problems)]:
                tell(problem)
            problems += len(piece.problems)
            bad += sum(problem.severity == "error" for problem in piece.problems)
            if added is not None:
                added.result()
            if piece.stopped is not None:
                raise Refused(piece.stopped, misused=piece.misused)
            if bad >= MOST_PROBLEMS:
                break
            seen.update(piece.seen)
            progress.add(piece)
            if not bad:
                # One piece is written while the next is scored.
                added = writing.submit(target.add, piece)
                counted.append(piece._replace(content=(), problems=(), seen=()))
        if added is not None:
            added.result()
    progress.erase()
    for problem in () if bad else _of_the_whole(job, source.name, counted, seen):
        tell(problem)
        bad += problem.severity == "error"
    if bad:
        raise Refused(f"and {problems - MOST_PROBLEMS:,} more" if problems > MOST_PROBLEMS else "")
    if source.changed():
        raise Refused(f"{source.name} has changed while it was read")
    counts = _counts(counted, sum(entry.rows for entry in done), max(0, problems - MOST_PROBLEMS))
    target.finish()
    return counts


def _of_the_whole(job: Job, source: str, counted: Sequence[Entry | Piece], seen: set[str]) -> Iterator[Problem]:
    samples = Samples(source, job.renames)
    if not any(piece.rows for piece in counted):
        yield samples.nothing_there()
    else:
        yield from samples.unused_renames(seen)


def _counts(counted: Sequence[Entry | Piece], resumed: int, untold: int) -> Counts:
    """The sum of the scores is taken piece by piece, in order, so that it is the same wherever they were made."""
    return Counts(
        sum(piece.rows for piece in counted),
        sum(piece.completions for piece in counted),
        sum(piece.skipped for piece in counted),
        sum(piece.total for piece in counted),
        resumed,
        untold,
    )
