"""The worker process: `python -P -m rewardlang.work.worker`. Loads one module, then calls its functions, one at a time.

What the module prints goes to standard error; standard input is empty for it.
The process ends when its parent does: standard input reaches its end (seen by
the reading thread also while a call runs) and, on Linux, by a death signal.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import queue
import sys
import threading
from io import FileIO
from pathlib import Path
from types import ModuleType
from typing import Any

from rewardlang.attempt import Raised, attempt
from rewardlang.work.frames import as_python, packed, read_frame, unpacked, write_frame

MEMORY_BYTES = 4 * 2**30
_PR_SET_PDEATHSIG = 1
_SIGKILL = 9


def limit_this_process() -> None:
    """Memory, core files, and the end of the parent."""
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if sys.platform == "linux":  # elsewhere the limit is refused or has no effect
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def private_pipes() -> tuple[FileIO, FileIO]:
    """The pipes to the parent under numbers of their own; 0 becomes empty and 1 standard error."""
    requests, replies = FileIO(os.dup(0), "rb"), FileIO(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return requests, replies


def load(folder: str, first: bool, module: str, path: str, sha256: str) -> ModuleType:
    """Imports the module and makes sure that it is the one that was checked. Raises what the module raises, and ImportError."""
    if hashlib.sha256(Path(path).read_bytes()).hexdigest() != sha256:
        raise ImportError(f"'{path}' has changed since the reward was loaded")
    if first:
        sys.path.insert(0, folder)
    elif folder not in sys.path:
        sys.path.append(folder)
    loaded = importlib.import_module(module)
    if not Path(path).samefile(getattr(loaded, "__file__", None) or os.devnull):
        raise ImportError(f"'{module}' is a module of Python itself; give the file another name")
    return loaded


def call(module: ModuleType, function: str, arguments: list[Any], batched: bool) -> Any:
    """The function's answer, packed. Raises what the function raises, and ValueError or TypeError for what is no value."""
    values = [as_python(unpacked(argument)) for argument in arguments]
    target = getattr(module, function)
    if not batched:
        return packed(target(*values))
    results = target(*([value] for value in values))
    if not isinstance(results, (list, tuple)) or len(results) != 1:
        shown = f"{len(results)} results" if isinstance(results, (list, tuple)) else f"a {type(results).__name__}"
        raise TypeError(f"batched: {shown} returned where a list of 1 is wanted")
    return packed(results[0])


def _read(requests: FileIO, into: queue.SimpleQueue[Any]) -> None:
    try:
        while True:
            into.put(read_frame(requests))
    except EOFError:
        os._exit(0)


def main() -> None:
    """Answers requests until the parent ends."""
    limit_this_process()
    requests, replies = private_pipes()
    sys.dont_write_bytecode = True
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests, waiting), daemon=True).start()
    module: ModuleType | None = None
    while True:
        request = waiting.get()
        if module is None:
            result = attempt(load, **request)
            module = None if isinstance(result, Raised) else result
            answer = result if isinstance(result, Raised) else None
        else:
            answer = attempt(call, module, **request)
        message = {"raised": str(answer)[:500]} if isinstance(answer, Raised) else {"value": answer}
        write_frame(replies, message)


if __name__ == "__main__":
    main()
