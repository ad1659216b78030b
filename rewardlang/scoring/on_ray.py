"""The engine `ray`: the parts as tasks of a Ray cluster, whose pieces come back to this process, in order.

A task depends on its part alone, so Ray may run it again when a worker or a
machine has gone. The machines must see the files under the same paths and have
the same versions of what makes the bytes.
"""

from __future__ import annotations

import os
import pickle
import platform
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from rewardlang.errors import DataError
from rewardlang.samples.problem import UsageError
from rewardlang.scoring.inputs import Part
from rewardlang.scoring.pieces import Job, Piece, pieces_of
from rewardlang.scoring.run import Engine, EngineLost

_TRIES_AGAIN = 10
_TASKS_A_CORE = 2


class _Order(NamedTuple):
    """What every task gets: the job, where this process stands, and the versions that it has."""

    job: bytes
    folder: str
    versions: dict[str, str]


@contextmanager
def on_ray(address: str | None) -> Iterator[Engine]:
    """The engine, connected to a cluster: that of the address, of RAY_ADDRESS, of this machine, or one that is started for the block.

    Raises `UsageError` where Ray is not installed, or no cluster is at the address.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError:
        raise UsageError("--engine ray needs ray, which is not installed; install it with: pip install 'rewardlang[ray]'") from None
    # Ray prints what its machines complain of to standard output, where the summary is to stand alone.
    with redirect_stdout(sys.stderr):
        try:
            _connect(ray, address or os.environ.get("RAY_ADDRESS"))
            yield partial(_pieces_in_order, ray)
        finally:
            ray.shutdown()


def _connect(ray: Any, address: str | None) -> None:
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        ray.init(address=address or "auto", **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        if address is not None:
            raise UsageError(f"there is no Ray cluster at {address}: {str(error).splitlines()[0]}") from None
        ray.init(address="local", include_dashboard=False, **quiet)


def _pieces_in_order(ray: Any, job: Job, parts: Sequence[Part], first: int, skip: int) -> Iterator[Piece]:
    """All pieces from a part on. A few parts for each core are under way, so that memory holds no more. Raises `EngineLost`."""
    order = ray.put(_Order(pickle.dumps(job), str(Path.cwd()), _versions()))
    task = ray.remote(_pieces).options(num_cpus=1, max_retries=_TRIES_AGAIN)
    under_way: deque[Any] = deque()
    try:
        for index in range(first, len(parts)):
            under_way.append(task.remote(order, index, parts[index], skip if index == first else 0))
            if len(under_way) >= _TASKS_A_CORE * int(ray.cluster_resources().get("CPU", 1)):
                yield from _taken(ray, under_way.popleft())
        while under_way:
            yield from _taken(ray, under_way.popleft())
    finally:
        for one in under_way:
            ray.cancel(one, force=True)


def _taken(ray: Any, task: Any) -> list[Piece]:
    from ray.exceptions import RayError, RayTaskError

    try:
        pieces: list[Piece] = ray.get(task)
    except RayTaskError as error:
        raise error.as_instanceof_cause() from None
    except RayError as error:
        raise EngineLost(f"the cluster gave up: {type(error).__name__}: {str(error).strip().splitlines()[0]}") from None
    return pieces


def _versions() -> dict[str, str]:
    """Of what makes the bytes."""
    import numpy

    from rewardlang import __version__

    versions = {"rewardlang": __version__, "Python": ".".join(platform.python_version_tuple()[:2]), "numpy": numpy.__version__}
    try:
        import pyarrow
    except ImportError:
        return versions
    return {**versions, "pyarrow": pyarrow.__version__}


def _pieces(order: _Order, index: int, part: Part, skip: int) -> list[Piece]:
    """The task. What is wrong with the machine comes back as the reason to stop."""
    here = _versions()
    other = [
        f"{name} {here.get(name, 'missing')} and not {version}" for name, version in order.versions.items() if here.get(name) != version
    ]
    machine = platform.node()
    if other:
        return [Piece(index, skip, stopped=f"the machine {machine} has {', '.join(other)}", misused=True)]
    try:
        os.chdir(order.folder)
        job = _job(order.job)
        return list(pieces_of(job, index, part, skip))
    except FileNotFoundError as error:
        message = f"the machine {machine} does not see {error.filename}; all machines must see the files under the same paths"
        return [Piece(index, skip, stopped=message, misused=True)]
    except DataError as error:
        return [Piece(index, skip, stopped=f"on the machine {machine}: {error}", misused=True)]


@lru_cache(maxsize=1)
def _job(data: bytes) -> Job:
    """A process of a cluster does many parts of one job, and compiles its reward once."""
    job: Job = pickle.loads(data)
    return job
