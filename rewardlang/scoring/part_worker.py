"""The process that scores parts for `in_processes`: `python -P -m rewardlang.scoring.part_worker`.

It reads a job, then orders; the pieces of each order go back one by one, and None, or what was raised, behind the last.
What else is printed goes to standard error. The process ends when its parent does, also in the middle of a part.
"""

from __future__ import annotations

import os
import pickle
import queue
import threading
from collections.abc import Iterator
from io import BufferedReader, BufferedWriter
from typing import IO, NamedTuple, cast

from rewardlang.errors import DataError
from rewardlang.scoring.inputs import Part
from rewardlang.scoring.pieces import Job, Piece, pieces_of
from rewardlang.work.worker import private_pipes


class Order(NamedTuple):
    """A part, its number, and how many of its pieces are there already."""

    at: int
    part: Part
    skip: int


def _answers(job: Job | DataError, order: Order) -> Iterator[Piece | OSError | None]:
    if isinstance(job, DataError):
        yield Piece(order.at, order.skip, stopped=str(job), misused=True)
        yield None
        return
    try:
        yield from pieces_of(job, *order)
        yield None
    except OSError as error:
        yield error


def _job(requests: IO[bytes]) -> Job | DataError:
    """The job; why its reward is another one here."""
    try:
        job: Job = pickle.load(requests)
    except DataError as error:
        return error
    return job


def _read(requests: IO[bytes], into: queue.SimpleQueue[Order]) -> None:
    try:
        while True:
            into.put(pickle.load(requests))
    except (EOFError, pickle.UnpicklingError):
        os._exit(0)


def main() -> None:
    """Does what is ordered until the parent ends."""
    raw_requests, raw_replies = private_pipes()
    requests, replies = cast(IO[bytes], BufferedReader(raw_requests)), BufferedWriter(raw_replies)
    job = _job(requests)
    orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests, orders), daemon=True).start()
    while True:
        for answer in _answers(job, orders.get()):
            pickle.dump(answer, replies, pickle.HIGHEST_PROTOCOL)
            replies.flush()


if __name__ == "__main__":
    main()
