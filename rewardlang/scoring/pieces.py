"""Parts of the input to pieces of the output: reading, scoring and encoding, three steps at a time.

A piece depends on the job and its part alone. So a piece that is made again, by
a run that goes on or on another machine, has the same bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from rewardlang.marking.guard import VerifierBreakdown
from rewardlang.samples.problem import Problem, UsageError
from rewardlang.samples.read import Samples
from rewardlang.scoring import encode
from rewardlang.scoring.chunks import Chunk, LinesChunk, chunks_of, lines_before, samples_of
from rewardlang.scoring.inputs import Part
from rewardlang.scoring.mark import Added, Marked, marked_rows, marked_table
from rewardlang.scoring.table_chunks import TableChunk

if TYPE_CHECKING:
    from rewardlang.reward import Reward

T = TypeVar("T")


class Job(NamedTuple):
    """What is done to every part. `form` is how the output is written: `jsonl` or `parquet`."""

    reward: Reward
    step: int
    renames: Mapping[str, str]
    form: str


class Piece(NamedTuple):
    """A piece of the output. `number` counts from 0 in its part; `size` is what it weighs there (see `Part.size`).

    `total` is the sum of its scores. Where a problem is an error, `content` is empty. `stopped` says why nothing more can be
    done at all; `misused` that the call was wrong, and not the data.
    """

    part: int
    number: int
    content: bytes = b""
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
    """The pieces of a part, less the first `skip`. The next chunk is read, and the last piece encoded, while one is scored."""
    samples = samples_of(part, job.renames)
    first = part.first
    number = skip
    with ThreadPoolExecutor(1) as reading, ThreadPoolExecutor(1) as encoding:
        waiting: deque[Future[Piece]] = deque()
        try:
            for chunk in _ahead(reading, _after(chunks_of(part, samples), skip)):
                marked = _marked(job, samples, chunk, first)
                if marked.problems and first is None:
                    # Lines in the middle of a file are counted when somebody must be told of one.
                    first = lines_before(part)
                    marked = _marked(job, samples, chunk, first)
                waiting.append(encoding.submit(_piece, job, Piece(index, number), part, chunk, marked))
                number += 1
                if len(waiting) > 1:
                    yield waiting.popleft().result()
        except (UsageError, VerifierBreakdown) as error:
            waiting.append(encoding.submit(_stopped, Piece(index, number), error))
        while waiting:
            yield waiting.popleft().result()


def _stopped(piece: Piece, error: Exception) -> Piece:
    return piece._replace(stopped=str(error), misused=isinstance(error, UsageError))


def _after(items: Iterator[T], skip: int) -> Iterator[T]:
    for place, item in enumerate(items):
        if place >= skip:
            yield item


def _ahead(reading: ThreadPoolExecutor, items: Iterator[T]) -> Iterator[T]:
    """The items, of which the next one is already being read."""
    end = object()
    future: Future[Any] = reading.submit(next, items, end)
    while (item := future.result()) is not end:
        future = reading.submit(next, items, end)
        yield item


def _marked(job: Job, samples: Samples, chunk: Chunk | Problem, first: int | None) -> Marked:
    if isinstance(chunk, Problem):
        return Marked(None, None, [chunk], set())
    if isinstance(chunk, TableChunk):
        return marked_table(job.reward, samples, chunk, job.step)
    # Above 1, a line is none that begins a file.
    items = chunk.items(samples, first or 2) if isinstance(chunk, LinesChunk) else chunk.items
    return marked_rows(job.reward, samples, items, job.step)


def _piece(job: Job, piece: Piece, part: Part, chunk: Chunk | Problem, marked: Marked) -> Piece:
    size = len(chunk.batch) if isinstance(chunk, TableChunk) else chunk.size if isinstance(chunk, LinesChunk) else 0
    told = piece._replace(size=size, seen=tuple(sorted(marked.seen)) if job.renames else (), problems=tuple(marked.problems))
    added = marked.added
    if added is None or any(problem.severity == "error" for problem in marked.problems):
        return told
    counts = told._replace(rows=len(added.lengths), completions=len(added.score), skipped=added.skipped, total=added.total)
    try:
        return counts._replace(content=_content(job, chunk, marked.records, added))
    except UsageError as error:
        return _stopped(told, error)


def _content(job: Job, chunk: Chunk | Problem, records: list[Mapping[str, Any]] | None, added: Added) -> bytes:
    if job.form == "parquet":
        return encode.parquet(chunk.batch if isinstance(chunk, TableChunk) else records, added)
    if records is None:
        assert isinstance(chunk, TableChunk), "only a table is scored without its records"
        records = [record for _, record in chunk.records()]
    return encode.lines(records, added)
