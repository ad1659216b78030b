"""The workers of this process: few, warm, started when first needed, replaced when they end.

There is one pool a process. A child that was forked drops its parent's pool and
starts workers of its own.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from rewardlang.work.process import Home, OwnModule, Worker, WorkerEnded, WorkFailed

MAX_WORKERS = 4


class Pool:
    """At most `size` workers, shared by all threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._count = 0
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._refused: dict[Home | OwnModule, str] = {}
        self._changed = threading.Condition()
        # A worker's death signal follows the thread that started it, so that thread must live as long as the pool.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="rewardlang-workers")

    def call(self, home: Home | OwnModule, request: dict[str, Any], seconds: float) -> Any:
        """The packed answer of a call. Raises `WorkFailed` with the reason when there is none.

        A call that loses its worker is tried once more, on a fresh one.
        """
        for fresh in (False, True):
            try:
                with self._worker(home, fresh) as worker:
                    reply = worker.ask(request, seconds)
            except WorkerEnded as ended:
                if not ended.again:
                    raise WorkFailed(str(ended)) from None
                why = str(ended)
                continue
            if "raised" in reply:
                raise WorkFailed(reply["raised"])
            return reply["value"]
        raise WorkFailed(f"{why}, twice")

    @contextmanager
    def _worker(self, home: Home | OwnModule, fresh: bool) -> Iterator[Worker]:
        if home in self._refused:
            raise WorkFailed(self._refused[home])
        worker = self._take(home, fresh)
        try:
            if worker is None:
                worker = self._starter.submit(Worker, home).result()
            with self._changed:
                self._busy.add(worker)
            yield worker
        except WorkFailed as failed:  # the module raised: it would again
            self._refused[home] = str(failed)
            raise
        finally:
            with self._changed:
                if worker is not None:
                    self._busy.discard(worker)
                if worker is not None and worker.alive:
                    self._idle.append(worker)
                else:
                    self._count -= 1
                self._changed.notify()

    def _take(self, home: Home | OwnModule, fresh: bool) -> Worker | None:
        """An idle worker that has the module; or None, with a place reserved for a new one."""
        with self._changed:
            while True:
                for worker in [worker for worker in self._idle if not worker.alive]:
                    self._drop(worker)
                found = next((worker for worker in self._idle if worker.home == home), None)
                if found is not None and not fresh:
                    self._idle.remove(found)
                    return found
                if self._count >= self._size and self._idle:
                    self._drop(self._idle[0])
                if self._count < self._size:
                    self._count += 1
                    return None
                self._changed.wait()

    def _drop(self, worker: Worker) -> None:
        self._idle.remove(worker)
        self._count -= 1
        worker.end()

    def close(self) -> None:
        """Ends all workers, those at work too, whose calls then fail."""
        with self._changed:
            for worker in list(self._idle):
                self._drop(worker)
            for worker in self._busy:
                worker.end()
        self._starter.shutdown()

    def forget(self) -> None:
        """In a child that was forked: leaves the processes alone, for they are the parent's."""
        for worker in [*self._idle, *self._busy]:
            worker.abandon()


class _Current:
    """The pool of this process, if it has one."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.pool: Pool | None = None


_current = _Current()


def pool() -> Pool:
    """The pool of this process, made at the first use."""
    with _current.lock:
        if _current.pool is None:
            cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
            _current.pool = Pool(max(2, min(MAX_WORKERS, cores)))  # two, so that two kinds of work do not end one another's worker
        return _current.pool


def close() -> None:
    """Ends the workers of this process; a later call starts new ones."""
    with _current.lock:
        ended, _current.pool = _current.pool, None
    if ended is not None:
        ended.close()


def _after_fork() -> None:
    inherited, _current.pool, _current.lock = _current.pool, None, threading.Lock()
    if inherited is not None:
        inherited.forget()


atexit.register(close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
