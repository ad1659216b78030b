"""The worker process: `python -P -m rewardlang.work.worker`. Loads one module, then calls its functions, one at a time.

The first message says which: `home`, a module of the author, whose functions
get values of the language; or `own`, a module of this package, whose `answer`
gets the message itself, within a limit of computing time for each.

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
_OWN = "rewardlang."
_PR_SET_PDEATHSIG = 1
_SIGKILL = 9


def limit_this_process(memory_bytes: int) -> None:
    """Memory, core files, and the end of the parent."""
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if sys.platform == "linux":  # elsewhere the limit is refused or has no effect
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def limit_computing(seconds: int) -> None:
    """So much more computing time from now on, to the next second; the system ends the process when it is spent."""
    if sys.platform != "win32":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, hard))


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


def load_own(module: str) -> ModuleType:
    """Imports a module of this package. Raises ImportError."""
    if not module.startswith(_OWN):
        raise ImportError(f"'{module}' is no module of this package")
    return importlib.import_module(module)


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
    requests, replies = private_pipes()
    sys.dont_write_bytecode = True
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests, waiting), daemon=True).start()
    first = waiting.get()
    own = first.get("own")
    limit_this_process(own["memory_bytes"] if own else MEMORY_BYTES)
    module = attempt(load_own, own["module"]) if own else attempt(load, **first["home"])
    answer = module if isinstance(module, Raised) else None
    while True:
        write_frame(replies, {"raised": str(answer)[:500]} if isinstance(answer, Raised) else {"value": answer})
        request = waiting.get()
        if own:
            limit_computing(own["cpu_seconds"])
            answer = attempt(module.answer, request)
        else:
            answer = attempt(call, module, **request)


if __name__ == "__main__":
    main()
