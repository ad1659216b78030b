"""The local engine on several cores: this process and others beside it take the parts, one after the other, as they get to them.

The others run this package as this process does and have no memory in common with it, since Python computes on one
core a process. The pieces are those of one process, in the same order.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import IO, TypeAlias, cast

from rewardlang.engine.plan_from_program import plan
from rewardlang.scoring.inputs import WHOLE_PART, Part
from rewardlang.scoring.part_worker import Order
from rewardlang.scoring.pieces import ROWS_IF_DEAR, Job, Piece, pieces_of
from rewardlang.scoring.run import Engine, EngineLost

Process: TypeAlias = "subprocess.Popen[bytes]"
_AHEAD = 1
"""So many parts more than there are processes may be scored before the first of them is written."""
_PARTS_IF_CHEAP = 4


def processes_of(job: Job, parts: Sequence[Part]) -> int:
    """How many processes are worth their start: one for each core, and for so many rows as take longer than a start.

    One where verdicts are reached in processes of their own, which use the cores already.
    """
    if any(step.cost == "external" for step in plan(job.reward.program).steps):
        return 1
    whole_parts = sum(part.size / WHOLE_PART[part.form] for part in parts if part.form in WHOLE_PART)
    worth = whole_parts / (1 if job.rows_at_once == ROWS_IF_DEAR else _PARTS_IF_CHEAP)
    return max(1, min(_cores(), len(parts), int(worth)))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def in_processes(count: int) -> Iterator[Engine]:
    """The engine; its processes end with the block."""
    workers = [_Worker() for _ in range(count - 1)]
    try:
        yield partial(_pieces_in_order, workers)
    finally:
        for worker in workers:
            worker.end()


class _Shares:
    """Which part is next, for whoever asks. None is taken that is too far ahead of the one that is wanted."""

    def __init__(self, first: int, stop: int, ahead: int) -> None:
        self._next, self._stop, self._ahead = first, stop, ahead
        self._wanted = first
        self._changed = threading.Condition()
        self.done: dict[int, Future[list[Piece]]] = {index: Future() for index in range(first, stop)}

    def take(self) -> int | None:
        """The next part; None where all are taken, or the next one is too far ahead."""
        with self._changed:
            return self._taken()

    def wait_and_take(self) -> int | None:
        """The next part, as soon as it is not too far ahead; None where all are taken."""
        with self._changed:
            self._changed.wait_for(lambda: self._next >= self._stop or self._next < self._wanted + self._ahead)
            return self._taken()

    def _taken(self) -> int | None:
        if self._next >= min(self._stop, self._wanted + self._ahead):
            return None
        self._next += 1
        return self._next - 1

    def want(self, index: int) -> None:
        """Says which part is written next."""
        with self._changed:
            self._wanted = index
            self._changed.notify_all()

    def close(self) -> None:
        """No part is taken any more."""
        with self._changed:
            self._next = self._stop
            self._changed.notify_all()


def _pieces_in_order(workers: Sequence[_Worker], job: Job, parts: Sequence[Part], first: int, skip: int) -> Iterator[Piece]:
    """All pieces from a part on. Raises `EngineLost`, and what reading a part raises."""

    def order(index: int) -> Order:
        return Order(index, parts[index], skip if index == first else 0)

    shares = _Shares(first, len(parts), len(workers) + 1 + _AHEAD)
    sent = pickle.dumps(job, pickle.HIGHEST_PROTOCOL)

    def share(worker: _Worker) -> None:
        while (taken := shares.wait_and_take()) is not None:
            done = shares.done[taken]
            try:
                done.set_result(worker.pieces(sent, order(taken)))
            except (OSError, EngineLost) as error:
                done.set_exception(error)
            finally:
                if done.cancel() or done.exception() is not None:
                    shares.close()

    with ThreadPoolExecutor(max(1, len(workers))) as asking:
        for worker in workers:
            asking.submit(share, worker)
        try:
            for index in range(first, len(parts)):
                shares.want(index)
                while not shares.done[index].done() and (taken := shares.take()) is not None:
                    pieces = pieces_of(job, *order(taken))
                    if taken == index:
                        yield from pieces
                    shares.done[taken].set_result(list(pieces))
                yield from shares.done.pop(index).result()
        finally:
            shares.close()
            for worker in workers:
                worker.end()


class _Worker:
    """Another process, which is started when it is first needed."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._ended = False
        self._lock = threading.Lock()

    def pieces(self, job: bytes, order: Order) -> list[Piece]:
        """The pieces of an order. A process that ends on the way is replaced once; then raises `EngineLost`."""
        for _ in range(2):
            process = self._started(job)
            try:
                return _asked(process, order)
            except (EOFError, BrokenPipeError, pickle.UnpicklingError):
                code = _finished(process)
                with self._lock:
                    self._process = None
        raise EngineLost(f"a process that scores ended twice ({f'signal {-code}' if code < 0 else f'exit status {code}'})")

    def _started(self, job: bytes) -> Process:
        with self._lock:
            if self._ended:
                raise EngineLost("the run was stopped")
            if self._process is None:
                command = [sys.executable, "-P", "-m", "rewardlang.scoring.part_worker"]
                self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
                with suppress(BrokenPipeError):
                    cast(IO[bytes], self._process.stdin).write(job)
            return self._process

    def end(self) -> None:
        """Ends the process, whatever it is at; no other is started."""
        with self._lock:
            self._ended = True
            process = self._process
        if process is not None:
            process.kill()
            _finished(process)


def _finished(process: Process) -> int:
    """Waits until it has ended; its exit code."""
    code = process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(BrokenPipeError):
            cast(IO[bytes], pipe).close()
    return code


def _asked(process: Process, order: Order) -> list[Piece]:
    """Raises EOFError or BrokenPipeError where the process has ended."""
    to, replies = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
    pickle.dump(order, to, pickle.HIGHEST_PROTOCOL)
    to.flush()
    pieces: list[Piece] = []
    while (answer := pickle.load(replies)) is not None:
        if isinstance(answer, Exception):
            raise answer
        pieces.append(answer)
    return pieces
