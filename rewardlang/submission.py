"""Rows that are marked while their caller goes on: handed over as they are finished, collected in their order.

    handle = reward.submit(completions, columns={"answer": answers})
    ...                                  # generate more, or compute something else
    handle.add(more, columns={"answer": more_answers})
    scores = handle.collect()            # or: scores = await handle

What is collected is what `Reward.score` gives for all the rows at once, to the
last bit. Rows are marked in threads. Verdicts that take long are reached in
other processes (`use python`, the sandbox, sympy), for several rows at a time,
and meanwhile these threads only wait.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from rewardlang.errors import DataError
from rewardlang.joined_scores import JoinedScores
from rewardlang.marking.guard import Asked
from rewardlang.marking.intake import check_shape
from rewardlang.work.pool import MAX_WORKERS

if TYPE_CHECKING:
    from rewardlang.program import Program
    from rewardlang.scores import Scores


class Marking(NamedTuple):
    """How a reward marks a part (completions, prompts, columns) and what it is told of all that was asked. `most` rows make a part."""

    program: Program
    mark: Callable[[Sequence[Any], Sequence[Any] | None, Mapping[str, Sequence[Any]]], tuple[Scores, Asked]]
    done: Callable[[Asked], None]
    most: int | None


class Submission:
    """See the module's docstring. Made by `Reward.submit`; safe for threads, of no use in a child that is forked.

    As a context (`with reward.submit(…) as handle:`) it is cancelled at the end, if it is not collected. One that is neither
    keeps the interpreter from ending until its rows are marked.
    """

    def __init__(self, marking: Marking) -> None:
        self._marking = marking
        self._parts: list[Future[tuple[Scores, Asked]]] = []
        self._places: list[int] = []  # of the first row of each part
        self._size = 0
        self._closed = self._cancelled = False
        self._scores: Scores | None = None
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._threads = ThreadPoolExecutor(MAX_WORKERS, thread_name_prefix="rewardlang-marking")

    def __len__(self) -> int:
        return self._size

    def __repr__(self) -> str:
        done = sum(part.done() for part in self._parts)
        return f"<Submission to {self._marking.program.name}: {self._size} rows, {done} of {len(self._parts)} parts done>"

    def add(
        self,
        completions: Sequence[Any],
        prompts: Sequence[Any] | None = None,
        columns: Mapping[str, Sequence[Any]] | None = None,
        *,
        place: int | None = None,
    ) -> None:
        """Hands over further rows, which come behind those that are there, or at a place of their own among all. See `Reward.score`.

        Places are for rows that are finished out of turn: either every call names one, or none, and none stays empty.

        Raises `DataError` for columns of the wrong shape, RuntimeError once the scores are collected, `CancelledError` after `cancel`.
        """
        given = {name: _kept(values) for name, values in (columns or {}).items()}
        said, asked = _kept(completions), None if prompts is None else _kept(prompts)
        check_shape(self._marking.program, said, asked, given)
        size = len(said)
        most = self._marking.most if self._marking.most is not None else max(size, 1)
        with self._lock:
            if self._cancelled:
                raise CancelledError
            if self._closed:
                raise RuntimeError("the scores of this submission are collected; submit further rows anew")
            for start in range(0, max(size, 1), most):
                part = slice(start, start + most) if size > most else slice(None)
                some = {name: values[part] for name, values in given.items()}
                prompted = None if asked is None else asked[part]
                first = start + (self._size if place is None else place)
                self._parts.append(self._threads.submit(self._mark, first, said[part], prompted, some))
                self._places.append(first)
            self._size += size

    def _mark(
        self, first: int, completions: Sequence[Any], prompts: Sequence[Any] | None, columns: Mapping[str, Sequence[Any]]
    ) -> tuple[Scores, Asked]:
        try:
            return self._marking.mark(completions, prompts, columns)
        except DataError as error:
            raise DataError(error.message, column=error.column, row=None if error.row is None else error.row + first) from None

    def done(self) -> bool:
        """Whether all rows that were handed over are marked, or will never be."""
        return all(part.done() for part in self._parts)

    def collect(self, timeout: float | None = None) -> Scores:
        """The scores of all rows, in the order in which they were handed over; waits for them, and can be called again.

        Raises what `Reward.score` raises for the rows (of several the mistake that stands first), `CancelledError` after
        `cancel`, and TimeoutError when it takes longer than `timeout` seconds, after which it can be asked again.
        """
        if os.getpid() != self._process:
            raise RuntimeError("the rows were handed over in another process; collect them there")
        with self._lock:
            if self._scores is not None:
                return self._scores
            if self._cancelled:
                raise CancelledError
        if wait(self._parts, timeout).not_done:
            raise TimeoutError(f"the rows are not marked yet after {timeout:g} s")
        with self._lock:
            if self._scores is None:
                self._scores = self._collected()
            return self._scores

    def _collected(self) -> Scores:
        if self._cancelled:
            raise CancelledError
        self._closed = True
        self._threads.shutdown(wait=False)
        asked = Asked()
        scores = []
        for _, part in sorted(zip(self._places, self._parts, strict=True), key=lambda one: one[0]):
            marked, of_part = part.result()
            scores.append(marked)
            asked.include(of_part)
        self._marking.done(asked)
        return scores[0] if len(scores) == 1 else JoinedScores(scores)

    def cancel(self) -> bool:
        """Gives the rows up: what is not begun never will be, what is under way is dropped. False where the scores are collected."""
        with self._lock:
            if self._scores is not None:
                return False
            self._cancelled = True
            self._threads.shutdown(wait=False, cancel_futures=True)
            return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def __await__(self) -> Generator[Any, None, Scores]:
        """`await handle`: what `collect` gives. Cancelling the task that waits cancels the submission."""
        return self._awaited().__await__()

    async def _awaited(self) -> Scores:
        try:
            await asyncio.gather(*map(asyncio.wrap_future, self._parts), return_exceptions=True)
        except asyncio.CancelledError:
            self.cancel()
            raise
        return self.collect()


def _kept(values: Any) -> Any:
    """A copy of a list, which its owner may go on filling; arrays are converted when they are marked."""
    return list(values) if isinstance(values, (list, tuple)) else values
