"""Parts of the input to pieces of the output: reading, scoring and encoding, three steps at a time.

A piece depends on the job and its part alone. So a piece that is made again, by
a run that goes on or on another machine, has the same bytes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

from rewardlang.marking.guard import REMEMBERED, VerifierBreakdown
from rewardlang.meaning import BuiltIn
from rewardlang.samples.problem import Problem, UsageError
from rewardlang.samples.read import Samples
from rewardlang.scoring import encode
from rewardlang.scoring.chunks import Chunk, LinesChunk, chunks_of, lines_before, samples_of
from rewardlang.scoring.inputs import Part
from rewardlang.scoring.mark import Added, Marked, has_several, marked_rows, marked_table, needed, together
from rewardlang.scoring.table_chunks import TableChunk
from rewardlang.scoring.table_copy import CopiedTable, Segment

if TYPE_CHECKING:
    from rewardlang.reward import Reward

T = TypeVar("T")
Order: TypeAlias = "tuple[int, Part, int]"
"""Which of all parts it is, the part, and how many of its first pieces are not wanted."""
ROWS_IF_DEAR, _ROWS_IF_CHEAP = 1 << 16, 1 << 20
"""The largest groups that are one piece. Their scores are in memory until the last row is scored."""
_OF_PROMPTS = ("prompt", "system", "messages")
_AHEAD = 4


class Job(NamedTuple):
    """What is done to every part. `form` is how the output is written: `jsonl` or `parquet`.

    Groups of up to `rows_at_once` rows are scored as one piece, and their old columns copied. `prompts` says whether
    anything is computed from them.
    """

    reward: Reward
    step: int
    renames: Mapping[str, str]
    form: str
    rows_at_once: int
    prompts: bool


def job_of(reward: Reward, step: int, renames: Mapping[str, str], form: str) -> Job:
    """A job, with large pieces where a row costs microseconds, and small ones where losing a piece would lose minutes."""
    from rewardlang.engine.plan_from_program import plan

    steps = plan(reward.program).steps
    dear = any(one.cost in REMEMBERED for one in steps)
    prompts = any(isinstance(one.node, BuiltIn) and one.node.name in _OF_PROMPTS for one in steps)
    return Job(reward, step, renames, form, ROWS_IF_DEAR if dear else _ROWS_IF_CHEAP, prompts)


class Piece(NamedTuple):
    """A piece of the output: bytes, or where bytes are copied from.

    `number` counts from 0 in its part; `size` is what it weighs there (see `Part.size`); `total` is the sum of its scores.
    Where a problem is an error, `content` is empty. `stopped` says why nothing more can be done at all, and `misused` that the
    call was wrong, and not the data.
    """

    part: int
    number: int
    content: tuple[Segment, ...] = ()
    rows: int = 0
    completions: int = 0
    skipped: int = 0
    total: float = 0.0
    size: int = 0
    seen: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    stopped: str | None = None
    misused: bool = False


def pieces_of(job: Job, index: int, part: Part, skip: int = 0) -> Iterator[Piece]:
    """The pieces of a part, less the first `skip`."""
    return pieces_in_order(job, [(index, part, skip)])


def pieces_in_order(job: Job, orders: Iterable[Order]) -> Iterator[Piece]:
    """The pieces of several parts.

    While a chunk is scored, the next ones are read, beyond the end of the part, and the last piece is encoded.
    """
    with ThreadPoolExecutor(1) as reading, ThreadPoolExecutor(1) as encoding:
        waiting: deque[Future[Piece]] = deque()
        piece = Piece(0, 0)
        try:
            for scored, chunk in _ahead(reading, _read(job, orders, encoding)):
                waiting += scored.end() if chunk is None else scored.take(chunk)
                piece = scored.piece
                while len(waiting) > 1:
                    yield waiting.popleft().result()
        except (UsageError, VerifierBreakdown) as error:
            waiting.append(encoding.submit(_stopped, piece, error))
        except OSError:
            while waiting:
                yield waiting.popleft().result()
            raise
        while waiting:
            yield waiting.popleft().result()


def _read(job: Job, orders: Iterable[Order], encoding: ThreadPoolExecutor) -> Iterator[tuple[_Scored, Chunk | Problem | None]]:
    """The chunks of all parts, each with what takes it; None where a part ends."""
    for index, part, skip in orders:
        table = _copied_table(job, part)
        if table is None:
            scored: _Scored = _Rewritten(job, Piece(index, skip), part, encoding)
            yield from ((scored, chunk) for chunk in _after(chunks_of(part, scored.samples), skip))
        elif not skip:
            scored = _Copied(job, Piece(index, 0, size=part.size), part, encoding, table)
            columns = needed(job.reward, scored.samples, table.schema, prompts=job.prompts)
            yield from ((scored, chunk) for chunk in chunks_of(part, scored.samples, columns))
        else:
            continue
        yield scored, None


class _Scored(ABC):
    """A part while it is scored. `piece` is the next one, without what is not known yet."""

    def __init__(self, job: Job, piece: Piece, part: Part, encoding: ThreadPoolExecutor) -> None:
        self.piece, self.samples = piece, samples_of(part, job.renames)
        self._job, self._part, self._encoding = job, part, encoding

    @abstractmethod
    def take(self, chunk: Chunk | Problem) -> list[Future[Piece]]:
        """Scores the next chunk. Gives the pieces that follow from it."""

    @abstractmethod
    def end(self) -> list[Future[Piece]]:
        """Gives the pieces that are left behind the last chunk."""


class _Rewritten(_Scored):
    """A part whose rows are all written anew, a piece for each chunk."""

    def __init__(self, job: Job, piece: Piece, part: Part, encoding: ThreadPoolExecutor) -> None:
        super().__init__(job, piece, part, encoding)
        self._first = part.first

    def take(self, chunk: Chunk | Problem) -> list[Future[Piece]]:
        marked = _marked(self._job, self.samples, chunk, self._first)
        if marked.problems and self._first is None:
            # Lines in the middle of a file are counted when somebody must be told of one.
            self._first = lines_before(self._part)
            marked = _marked(self._job, self.samples, chunk, self._first)
        piece, self.piece = self.piece, self.piece._replace(number=self.piece.number + 1)
        return [self._encoding.submit(_piece, self._job, self.samples, piece, chunk, marked)]

    def end(self) -> list[Future[Piece]]:
        return []


class _Copied(_Scored):
    """A part whose old columns are copied, one piece: only the columns that scoring needs are read."""

    def __init__(self, job: Job, piece: Piece, part: Part, encoding: ThreadPoolExecutor, table: CopiedTable) -> None:
        super().__init__(job, piece._replace(seen=tuple(sorted(table.schema.names)) if job.renames else ()), part, encoding)
        self._table = table
        self._added: list[Added] = []

    def take(self, chunk: Chunk | Problem) -> list[Future[Piece]]:
        marked = _marked(self._job, self.samples, chunk, self._part.first)
        self.piece = self.piece._replace(problems=(*self.piece.problems, *marked.problems))
        self._added += [marked.added] if marked.added is not None else []
        return []

    def end(self) -> list[Future[Piece]]:
        piece, self.piece = self.piece, Piece(self.piece.part, 1)
        return [self._encoding.submit(_with_columns, piece, self._part, self._table, self._added)]


def _with_columns(piece: Piece, part: Part, table: CopiedTable, added: list[Added]) -> Piece:
    if not added or any(problem.severity == "error" for problem in piece.problems):
        return piece
    whole = together(added)
    columns = encode.added_table(encode.as_lists(whole) if table.several else whole)
    return _counted(piece, whole)._replace(content=table.piece(part.start, part.stop, columns))


def _copied_table(job: Job, part: Part) -> CopiedTable | None:
    """The table whose groups can be copied, so that only scores are written; None where they must be written anew."""
    if part.form != "groups" or job.form != "parquet" or part.size > job.rows_at_once:
        return None
    return _table_of(part.path, Path(part.path).stat().st_mtime_ns, tuple(job.reward.rules), tuple(sorted(job.renames.items())))


@lru_cache(maxsize=2)
def _table_of(path: str, changed: int, rules: tuple[str, ...], renames: tuple[tuple[str, str], ...]) -> CopiedTable | None:
    from pyarrow import parquet

    schema = parquet.read_schema(path)
    several = has_several(Samples(path, dict(renames)), schema)
    try:
        return None if several is None else CopiedTable(path, encode.added_schema(rules, several=several))
    except ValueError:
        return None


def _counted(piece: Piece, added: Added) -> Piece:
    return piece._replace(rows=len(added.lengths), completions=len(added.score), skipped=added.skipped, total=added.total)


def _stopped(piece: Piece, error: Exception) -> Piece:
    reason = str(error) if isinstance(error, UsageError) else f"marking stopped: {error}"
    return piece._replace(stopped=reason, misused=isinstance(error, UsageError))


def _after(items: Iterator[T], skip: int) -> Iterator[T]:
    for place, item in enumerate(items):
        if place >= skip:
            yield item


def _ahead(reading: ThreadPoolExecutor, items: Iterator[T]) -> Iterator[T]:
    """The items, of which the next ones are already being read."""
    end = object()
    waiting: deque[Future[Any]] = deque(reading.submit(next, items, end) for _ in range(_AHEAD))
    while (item := waiting.popleft().result()) is not end:
        waiting.append(reading.submit(next, items, end))
        yield item


def _marked(job: Job, samples: Samples, chunk: Chunk | Problem, first: int | None) -> Marked:
    if isinstance(chunk, Problem):
        return Marked(None, None, [chunk], set())
    if isinstance(chunk, TableChunk):
        return marked_table(job.reward, samples, chunk, job.step)
    # Above 1, a line is none that begins a file.
    items = chunk.items(samples, first or 2) if isinstance(chunk, LinesChunk) else chunk.items
    return marked_rows(job.reward, samples, items, job.step)


def _piece(job: Job, samples: Samples, piece: Piece, chunk: Chunk | Problem, marked: Marked) -> Piece:
    size = len(chunk.batch) if isinstance(chunk, TableChunk) else chunk.size if isinstance(chunk, LinesChunk) else 0
    told = piece._replace(size=size, seen=tuple(sorted(marked.seen)) if job.renames else (), problems=tuple(marked.problems))
    added = marked.added
    if added is None or any(problem.severity == "error" for problem in marked.problems):
        return told
    try:
        return _counted(told, added)._replace(content=(_content(job, samples, chunk, marked.records, added),))
    except UsageError as error:
        return _stopped(told, error)


def _content(job: Job, samples: Samples, chunk: Chunk | Problem, records: list[Mapping[str, Any]] | None, added: Added) -> bytes:
    if job.form == "parquet" and isinstance(chunk, TableChunk):
        return encode.parquet(chunk.batch, encode.as_lists(added) if has_several(samples, chunk.batch.schema) else added)
    if job.form == "parquet":
        return encode.parquet(records, added)
    if records is None:
        assert isinstance(chunk, TableChunk), "only a table is scored without its records"
        records = [record for _, record in chunk.records()]
    return encode.lines(records, added)
