"""What a program in the sandbox cannot do. Each of these is tried for real."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from rewardlang.sandbox.run import Limits, missing, run_program

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"no sandbox here: {missing()}")

SHORT = Limits(seconds=1)


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import socket; socket.socket()", "Operation not permitted"),
        ("import socket; socket.socketpair(socket.AF_INET)", "ot permitted"),
        ("import socket as s; s.socketpair(s.AF_UNIX, s.SOCK_DGRAM)[0].sendto(b'x', '/dev/log')", "Operation not permitted"),
        ("import socket as s; s.socketpair(s.AF_UNIX, s.SOCK_DGRAM)[0].connect('/dev/log')", "Operation not permitted"),
        ("import urllib.request; urllib.request.urlopen('http://127.0.0.1')", "not permitted"),
        ("import os\nwhile True: os.fork()", "Operation not permitted"),
        ("import subprocess; subprocess.run(['/bin/true'])", "Operation not permitted"),
        ("import os; os.execv('/bin/sh', ['sh'])", "Operation not permitted"),
        ("import os; os.posix_spawn('/bin/true', ['true'], {})", "Operation not permitted"),
        ("open('/etc/passwd')", "Permission denied"),
        ("import os; os.listdir('/')", "Permission denied"),
        ("import os; open(f'/proc/{os.getppid()}/environ')", "Permission denied"),
        ("open('/tmp/left-behind', 'w')", "Permission denied"),
        ("open('left-behind', 'a')", "Permission denied"),
        ("import os; os.mkdir('/tmp/left-behind')", "Operation not permitted"),
        ("import os; os.remove(os.__file__)", "Operation not permitted"),
        ("import os; os.truncate(os.__file__, 0)", "Operation not permitted"),
        ("import os; os.kill(os.getppid(), 9)", "Operation not permitted"),
        ("import os; os.kill(-1, 9)", "Operation not permitted"),
        ("import resource; resource.prlimit(__import__('os').getppid(), resource.RLIMIT_CPU, (1, 1))", "not permitted"),
        ("import fcntl, os; fcntl.fcntl(1, fcntl.F_SETOWN, os.getppid())", "Invalid argument"),
        ("import resource; resource.setrlimit(resource.RLIMIT_CPU, (90, 90))", "not allowed"),
        ("import ctypes; assert ctypes.CDLL(None).ptrace(16, __import__('os').getppid(), 0, 0) == 0", "AssertionError"),
        ("import ctypes; assert ctypes.CDLL(None).syscall(425, 8, 0) == 0  # io_uring", "AssertionError"),
        ("import os; os.memfd_create('x')", "Operation not permitted"),
        ("import os; os.pidfd_open(os.getppid())", "Operation not permitted"),
        ("import os; os.symlink('/etc/passwd', '/tmp/left-behind')", "Operation not permitted"),
        ("open('/proc/self/mem', 'r+b')", "Permission denied"),
        ("open('/usr/lib/../../etc/hostname')", "Permission denied"),
        ("import ctypes; assert ctypes.CDLL(None).syscall(446, -1, 0) == 0  # another Landlock", "AssertionError"),
        ("import ctypes; assert ctypes.CDLL(None).system(b'true') == 0", "AssertionError"),
        ("import os\nwhile True: os.pipe()", "Too many open files"),
        ("block = bytearray(10 * 2**30)", "MemoryError"),
        ("x = 'x'\nwhile True: x += x", "emory"),
        ("def deeper(): deeper()\ndeeper()", "RecursionError"),
        ("while True: print('x' * 1000)", "printed more than"),
        ("import sys\nwhile True: sys.stderr.write('x' * 1000)", "printed more than"),
        ("while True: pass", "used up its time"),
        ("import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass", "used up its time"),
        ("import ctypes; ctypes.string_at(0)", "crashed"),
    ],
)
def test_an_escape_fails(program: str, why: str) -> None:
    """The attempt ends with an error or with the process, and the parent goes on."""
    ran = run_program(program, limits=SHORT)
    assert not ran.done
    assert why in ran.why
    assert not Path("/tmp/left-behind").exists()


def test_threads_are_stopped_with_their_process() -> None:
    """Threads may be started; they share the limits of memory and time, and end with the process."""
    ran = run_program(
        "import threading, time\nfor _ in range(9999): threading.Thread(target=time.sleep, args=(99,), daemon=True).start()", limits=SHORT
    )
    assert not ran.done
    assert "thread" in ran.why or "emory" in ran.why


def test_a_program_knows_nothing_of_its_surroundings() -> None:
    """Neither the environment nor installed packages reach it."""
    ran = run_program("import os, sys; print(sorted(os.environ), [path for path in sys.path if 'site-packages' in path])")
    assert ran.output == "['HOME', 'LANG', 'PATH', 'PYTHONHASHSEED', 'TZ'] []\n"


def test_installed_packages_cannot_be_read() -> None:
    """Nor can a program that looks for them import them."""
    program = "import os, sys\nsys.path += [os.path.dirname(os.__file__) + '/site-packages', {!r}]\nimport pytest"
    ran = run_program(program.format(str(Path(pytest.__file__).parent.parent)))
    assert "No module named 'pytest'" in ran.why or "Permission denied" in ran.why


@pytest.mark.parametrize("said", ["unavailable because I say so", "ready ", "ready " * 9])
def test_a_program_cannot_speak_for_the_sandbox(said: str) -> None:
    """What it writes to the descriptors that it can guess makes it no less tried, and no less failed."""
    ran = run_program(f"import os\nfor at in range(3, 64):\n    try: os.write(at, {said.encode()!r})\n    except OSError: pass\n1 / 0")
    assert not ran.done
    assert "ZeroDivisionError" in ran.why


def test_files_of_the_parent_are_closed(tmp_path: Path) -> None:
    """A file that the parent has open is not there for the program, even if it is inheritable."""
    with (tmp_path / "gold.txt").open("w+") as file:
        high = os.dup2(file.fileno(), 50)
        try:
            ran = run_program("import os; os.fstat(50)")
        finally:
            os.close(high)
    assert "Bad file descriptor" in ran.why


def test_a_program_that_sleeps_is_ended() -> None:
    """Without using the CPU it lives no longer than the clock allows."""
    began = time.monotonic()
    ran = run_program("import time; time.sleep(1000)", limits=Limits(seconds=1, wall=1))
    assert "had not ended" in ran.why
    assert time.monotonic() - began < 60


def _zombies() -> list[str]:
    """The ended children of this process that nobody waited for."""
    states = [path.read_text().rpartition(")")[2].split() for path in Path("/proc").glob("[0-9]*/stat")]
    return [state[0] for state in states if state[0] == "Z" and state[1] == str(os.getpid())]


def test_many_at_once_and_no_zombies() -> None:
    """Programs run side by side in threads, each with its own output, and nothing is left over."""
    outputs: dict[int, str] = {}
    threads = [threading.Thread(target=lambda n=n: outputs.update({n: run_program(f"print({n})").output})) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outputs == {n: f"{n}\n" for n in range(8)}
    assert not _zombies()


def test_ordinary_programs_run() -> None:
    """What honest programs use works: modules, threads, recursion, randomness, the clock, standard input in every form."""
    program = (
        "import asyncio, bisect, collections, datetime, decimal, fractions, functools, heapq, itertools, json, math, random, re, string\n"
        "import threading, typing, zoneinfo\n"
        "thread = threading.Thread(target=print, args=('thread',)); thread.start(); thread.join()\n"
        "def depth(n): return 0 if n == 0 else 1 + depth(n - 1)\n"
        "async def three(): return 3\n"
        "assert asyncio.run(three()) == 3\n"
        "print(depth(5000), datetime.datetime.now(zoneinfo.ZoneInfo('Europe/Berlin')).year > 2000, 0 <= random.random() < 1)\n"
        "import sys; print(input(), sys.stdin.read())\n"
    )
    ran = run_program(program, given="one\ntwo")
    assert ran.done, ran.why
    assert ran.output == "thread\n5000 True True\none two\n"
