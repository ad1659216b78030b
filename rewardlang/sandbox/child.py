"""The process in which a model's program runs: `python child.py REQUEST_FD REPORT_FD`. Stands alone and imports nothing of the package.

It limits itself, in this order: resources, privileges, files (Landlock), system
calls (seccomp); each step that fails ends it before any foreign code runs. The
limits cannot be taken off again, and hold for every thread.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import struct
import sys
from typing import Any, NoReturn

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_READABLE = (
    *(f"{top}/lib{kind}" for top in ("", "/usr") for kind in ("64", "/x86_64-linux-gnu", "/aarch64-linux-gnu")),
    *("/usr/share/zoneinfo", "/etc/localtime", "/etc/ld.so.cache", "/dev/null", "/dev/urandom"),
)

# What a program of Python needs to compute, and nothing else: name, number on x86-64, number on 64-bit ARM (- where it has none).
_ALLOWED = """
read 0 63 write 1 64 close 3 57 stat 4 - fstat 5 80 lstat 6 - poll 7 - lseek 8 62 mmap 9 222 mprotect 10 226 munmap 11 215 brk 12 214
rt_sigaction 13 134 rt_sigprocmask 14 135 rt_sigreturn 15 139 pread64 17 67 pwrite64 18 68 readv 19 65 writev 20 66 access 21 -
pipe 22 - select 23 - sched_yield 24 124 mremap 25 216 msync 26 227 mincore 27 232 madvise 28 233 dup 32 23 dup2 33 - pause 34 -
recvfrom 45 207
nanosleep 35 101 getitimer 36 102 alarm 37 - setitimer 38 103 getpid 39 172 exit 60 93 uname 63 160 getdents 78 - getcwd 79 17
readlink 89 - gettimeofday 96 169 getrlimit 97 163 getrusage 98 165 sysinfo 99 179 times 100 153 getuid 102 174 getgid 104 176
geteuid 107 175 getegid 108 177 getppid 110 173 rt_sigpending 127 136 rt_sigtimedwait 128 137 rt_sigsuspend 130 133
sigaltstack 131 132 gettid 186 178 time 201 - futex 202 98 sched_getaffinity 204 123 getdents64 217 61 set_tid_address 218 96
restart_syscall 219 128 fadvise64 221 223 clock_gettime 228 113 clock_getres 229 114 clock_nanosleep 230 115 exit_group 231 94
epoll_wait 232 - epoll_ctl 233 21 newfstatat 262 79 readlinkat 267 78 faccessat 269 48 pselect6 270 72 ppoll 271 73
set_robust_list 273 99 get_robust_list 274 100 epoll_pwait 281 22 eventfd2 290 19 epoll_create1 291 20 dup3 292 24 pipe2 293 59
getrandom 318 278 membarrier 324 283 statx 332 291 rseq 334 293 faccessat2 439 439
"""
# Those that are allowed for some arguments only.
_LIMITED = """
open 2 - openat 257 56 clone 56 220 clone3 435 435 kill 62 129 tgkill 234 131 prlimit64 302 261 ioctl 16 29 fcntl 72 25
socketpair 53 199 sendto 44 206
"""

_ARCHITECTURES = {"x86_64": (0xC000003E, 1), "aarch64": (0xC00000B7, 2)}
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _EACCES, _EINVAL, _ENOTTY, _ENOSYS = 1, 13, 22, 25, 38
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CLONE_THREAD = 0x00010000
_FCNTL = (0, 1, 2, 3, 4, 1030)  # duplicating, flags; not owners and signals, which reach other processes
_IOCTL = (0x5401, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """One instruction of the filter."""
    return struct.pack("HBBI", code, yes, no, value)


def _load(offset: int) -> bytes:
    return _step(0x20, offset)


def _argument(index: int, *, high: bool = False) -> bytes:
    return _load(16 + 8 * index + 4 * high)


def _answer(value: int) -> bytes:
    return _step(0x06, value)


def _only(index: int, values: tuple[int, ...], error: int) -> bytes:
    """Allows the call when its argument is one of the values."""
    tests = b"".join(_step(0x15, value, 0, 1) + _answer(_ALLOW) for value in values)
    return _argument(index) + tests + _answer(_ERRNO | error)


def _without(index: int) -> bytes:
    """Allows the call when the pointer is null."""
    tests = _argument(index) + _step(0x15, 0, 0, 3) + _argument(index, high=True) + _step(0x15, 0, 0, 1) + _answer(_ALLOW)
    return tests + _answer(_ERRNO | _EPERM)


def _numbers(table: str, column: int) -> dict[str, int]:
    words = table.split()
    return {words[at]: int(words[at + column]) for at in range(0, len(words), 3) if words[at + column] != "-"}


def seccomp_filter(machine: str, own: int) -> bytes:
    """The filter: what is listed is allowed, anything else is refused with EPERM; another instruction set ends the process."""
    architecture, column = _ARCHITECTURES[machine]
    thread_only = _argument(0) + _step(0x45, _CLONE_THREAD, 0, 1) + _answer(_ALLOW) + _answer(_ERRNO | _EPERM)
    limited = {
        "open": _argument(1) + _step(0x45, _WRITING, 0, 1) + _answer(_ERRNO | _EACCES) + _answer(_ALLOW),
        "openat": _argument(2) + _step(0x45, _WRITING, 0, 1) + _answer(_ERRNO | _EACCES) + _answer(_ALLOW),
        "clone": thread_only,
        "clone3": _answer(_ERRNO | _ENOSYS),  # its flags are in memory, where no filter can look; the C library then uses clone
        "kill": _only(0, (own,), _EPERM),
        "tgkill": _only(0, (own,), _EPERM),
        "prlimit64": _without(2),  # reading a limit, not setting one
        "socketpair": _only(0, (1,), _EPERM),  # AF_UNIX: a pipe inside the process, which asyncio needs
        "sendto": _without(4),  # to the other end of a pair, not to an address
        "ioctl": _only(1, _IOCTL, _ENOTTY),
        "fcntl": _only(1, _FCNTL, _EINVAL),
    }
    program = _load(4) + _step(0x15, architecture, 1, 0) + _answer(_KILL) + _load(0)
    for number in _numbers(_ALLOWED, column).values():
        program += _step(0x15, number, 0, 1) + _answer(_ALLOW)
    for name, number in _numbers(_LIMITED, column).items():
        body = limited[name]
        program += _step(0x15, number, 0, len(body) // 8) + body
    return program + _answer(_ERRNO | _EPERM)


class _Unavailable(Exception):
    """A limit that this system cannot set."""


def _checked(result: int, what: str) -> int:
    if result < 0:
        raise _Unavailable(f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def _limit_resources(limits: dict[str, int]) -> None:
    for name, most in (
        (resource.RLIMIT_CPU, limits["seconds"]),
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        _, hard = resource.getrlimit(name)
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(name, (limit, limit))


def _allow(libc: Any, ruleset: int, path: str, rights: int) -> None:
    """Lets what stands at the path, and below it, be read; a path that does not exist is passed over."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    _checked(libc.syscall(_LANDLOCK_ADD, ruleset, 1, struct.pack("=Qi", rights, place), 0), "Landlock")
    os.close(place)


def _limit_files(libc: Any) -> None:
    """Landlock: only the standard library and what it needs can be read, and nothing can be written, made or executed."""
    version = _checked(libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1), "Landlock")
    handled = 0x1FFF | (0x2000 if version >= 2 else 0) | (0x4000 if version >= 3 else 0) | (0x8000 if version >= 5 else 0)
    rules = struct.pack("QQQ", handled, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _checked(libc.syscall(_LANDLOCK_CREATE, rules, ctypes.c_size_t(size), 0), "Landlock")
    library = os.path.dirname(os.__file__)  # noqa: PTH120 - pathlib costs as much as everything else here
    _allow(libc, ruleset, library, _READ_DIR)
    for entry in os.scandir(library):
        if entry.name not in ("site-packages", "dist-packages"):
            _allow(libc, ruleset, entry.path, _READ_FILE | (_READ_DIR if entry.is_dir() else 0))
    for path in _READABLE:
        _allow(libc, ruleset, path, _READ_FILE | (_READ_DIR if os.path.isdir(path) else 0))  # noqa: PTH112
    _checked(libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0), "Landlock")
    os.close(ruleset)


def _limit_calls(libc: Any) -> None:
    program = ctypes.create_string_buffer(seccomp_filter(os.uname().machine, os.getpid()))
    header = struct.pack("HxxxxxxQ", (len(program) - 1) // 8, ctypes.addressof(program))
    _checked(libc.prctl(_PR_SET_SECCOMP, 2, header, 0, 0), "seccomp")


def confine(limits: dict[str, int]) -> None:
    """Sets all limits. Raises `_Unavailable` for what this system does not have."""
    if sys.platform != "linux" or os.uname().machine not in _ARCHITECTURES:
        raise _Unavailable(f"{sys.platform} on {os.uname().machine}")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0)
    _limit_resources(limits)
    _checked(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _limit_files(libc)
    _limit_calls(libc)


_DEEPEST = 90


def plain(value: Any, depth: int = 0) -> Any:
    """A value of Python's own types as JSON can carry it, each with its type; `["?"]` for anything else.

    Subclasses are taken by their contents, whatever they say of themselves.
    """
    if value is None or value is True or value is False:
        return value
    if depth > _DEEPEST:
        return ["?"]
    if isinstance(value, int):
        return ["int", int.__format__(value, "x")]
    if isinstance(value, float):
        return ["float", float.hex(value)]
    if isinstance(value, complex):
        return ["complex", f"{float.hex(value.real)} {float.hex(value.imag)}"]
    if isinstance(value, str):
        return ["str", str.__str__(value)]
    if isinstance(value, (bytes, bytearray)):
        return ["bytes", bytes(value).hex()]
    if isinstance(value, (list, tuple, set, frozenset)):
        kind: Any = list if isinstance(value, list) else tuple if isinstance(value, tuple) else set if isinstance(value, set) else frozenset
        return ["set" if kind is frozenset else kind.__name__, *(plain(item, depth + 1) for item in kind.__iter__(value))]
    if isinstance(value, dict):
        return ["dict", *([plain(key, depth + 1), plain(item, depth + 1)] for key, item in dict.items(value))]
    return ["?"]


def main() -> NoReturn:
    """Reads the request, confines itself, runs the program and then the test, and reports that both came to their end.

    The test is given a function under the name that the request says, which
    takes a number and a value; the report says what it was given.
    """
    request_fd, report_fd = int(sys.argv[1]), int(sys.argv[2])
    with open(request_fd, encoding="utf-8") as stream:
        request = json.load(stream)
    sys.argv = ["answer.py"]
    sys.setrecursionlimit(10_000)
    try:
        confine(request["limits"])
    except (_Unavailable, OSError, ValueError) as error:
        os.write(report_fd, f"unavailable {error}".encode()[:300])
        os._exit(1)
    os.write(report_fd, b"ready ")
    names = {"__name__": request["name"], "__builtins__": __builtins__}
    exec(compile(request["program"], "answer.py", "exec"), names)  # noqa: S102 - what this process is for
    recorded: list[Any] = []
    names[request["record"]] = lambda number, value: recorded.append([number, plain(value)])
    exec(compile(request["test"], "answer.py", "exec"), names)  # noqa: S102
    sys.stdout.flush()
    report = (request["word"] + json.dumps(recorded)).encode()
    while report:
        report = report[os.write(report_fd, report) :]
    os._exit(0)


if __name__ == "__main__":
    main()
