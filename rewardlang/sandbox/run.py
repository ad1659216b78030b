"""Runs a program in a confined process of its own, and says how it ended."""

from __future__ import annotations

import json
import os
import secrets
import selectors
import subprocess
import sys
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_CHILD = Path(__file__).with_name("child.py")
_ENVIRONMENT = {"PATH": "", "HOME": "/", "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0"}
_PIECE = 65536


class NoSandbox(Exception):
    """This system has no sandbox; the words say what it lacks. Nothing was run."""


class Limits(NamedTuple):
    """Seconds of CPU; bytes of address space; bytes of output, standard error counted too; seconds of the clock.

    The clock is for a program that waits instead of computing, and gives one that computes on a busy machine its share.
    """

    seconds: int = 2
    memory: int = 512 * 2**20
    output: int = 2**20
    wall: float = 16.0


class Ran(NamedTuple):
    """`done`: program and test came to their end. `left`: so it was, or the program left with exit status 0 before.

    `output` is what it printed; `why` says, for people, what stopped it. `recorded` is JSON that the test may have left, and that
    the program may have written in its place: a list of pairs of a number and a value, as `plain` in `child.py` writes it.
    """

    done: bool
    left: bool
    output: str
    why: str = ""
    recorded: str = ""


@cache
def missing() -> str | None:
    """None where programs can be run, else what this system lacks. Starts a process at the first call."""
    try:
        run_program("")
    except NoSandbox as error:
        return str(error)
    return None


def run_program(
    program: str,
    *,
    test: str = "",
    record: str = "",
    given: str = "",
    main: bool = True,
    limits: Limits = Limits(),  # noqa: B008
) -> Ran:
    """Runs a program of Python with `given` on standard input, then `test` on the names that it left.

    `record` is the name of a function of two arguments that the test may call. `main` is whether the program's `__name__` is
    `__main__`. Raises `NoSandbox`, and OSError when no process can be started.
    """
    if not sys.platform.startswith("linux"):
        raise NoSandbox(f"programs are run in a sandbox of Linux, and this is {sys.platform}")
    word = secrets.token_hex(16)
    names = {"program": program, "test": test, "record": record, "name": "__main__" if main else "answer", "word": word}
    request = _memory_file(json.dumps({**names, "limits": limits._asdict()}))
    stdin = _memory_file(given)
    report, report_end = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-S", "-B", "-X", "utf8", str(_CHILD), str(request), str(report_end)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            close_fds=True,
            pass_fds=(request, report_end),
            start_new_session=True,
            cwd="/",
            env=_ENVIRONMENT,
        )
    except OSError:
        os.close(report)
        raise
    finally:
        for descriptor in (request, stdin, report_end):
            os.close(descriptor)
    return _result(process, report, word, limits)


def _memory_file(text: str) -> int:
    """An unnamed file, at its beginning."""
    descriptor = os.memfd_create("rewardlang")
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(text.encode("utf-8", "replace"))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _result(process: subprocess.Popen[bytes], report: int, word: str, limits: Limits) -> Ran:
    assert process.stdout is not None
    assert process.stderr is not None
    pipes = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray(), report: bytearray()}
    end = time.monotonic() + limits.wall
    try:
        why = _listen(pipes, end, limits)
        if not why:  # the pipes close a moment before the process has its exit status
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))
    finally:
        process.kill()
        process.wait()
        os.close(report)
        process.stdout.close()
        process.stderr.close()
    printed, told, said = (bytes(part).decode("utf-8", "replace") for part in pipes.values())
    if said.startswith("unavailable "):  # before "ready" the program has not begun, and cannot say so itself
        raise NoSandbox(f"this system cannot confine a program ({said.removeprefix('unavailable ')})")
    if said.startswith(f"ready {word}") and not why:
        return Ran(True, True, printed, recorded=said.removeprefix(f"ready {word}"))
    left = not why and process.returncode == 0
    return Ran(False, left, printed, why or _ending(process.returncode, told))


def _listen(pipes: dict[int, bytearray], end: float, limits: Limits) -> str:
    """Reads until all pipes are closed; or says why it stopped."""
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            left = end - time.monotonic()
            if left <= 0:
                return f"it had not ended after {limits.wall:g} s"
            for key, _ in selector.select(left):
                piece = os.read(key.fd, _PIECE)
                pipes[key.fd] += piece
                if not piece:
                    selector.unregister(key.fd)
            if sum(map(len, pipes.values())) > limits.output:
                return f"it printed more than {limits.output:,} bytes"
    return ""


def _ending(code: int, told: str) -> str:
    signals: dict[int, Any] = {-9: "it used up its time or memory", -24: "it used up its time", -11: "it crashed", -6: "it crashed"}
    lines = told.strip().splitlines()
    return signals.get(code) or (lines[-1][:200] if lines else "it ended before its end")
