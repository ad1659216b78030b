"""The numbers of the system calls that a program may make, on both kinds of machine, and what the filter answers to each."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from rewardlang.sandbox import child

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),  # 64-bit ARM has the generic table
}
OWN = 4321
KILLED, ALLOWED, REFUSED = 0x80000000, 0x7FFF0000, 0x00050001
CALLS = {  # what must be refused: name, number on x86-64, number on 64-bit ARM
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "prctl": (157, 167),
    "unlinkat": (263, 35),
    "mkdirat": (258, 34),
    "renameat2": (316, 276),
    "mount": (165, 40),
    "setrlimit": (160, 164),
    "process_vm_writev": (311, 271),
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
    "pidfd_open": (434, 434),
    "openat2": (437, 437),
    "memfd_create": (319, 279),
    "shmget": (29, 194),
    "keyctl": (250, 219),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "unshare": (272, 97),
    "setns": (308, 268),
    "chdir": (80, 49),
}


def _numbers(machine: str) -> dict[str, int]:
    column = {"x86_64": 1, "aarch64": 2}[machine]
    return child._numbers(child._ALLOWED, column) | child._numbers(child._LIMITED, column)


def _answer(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """What the kernel would do: the filter, run as the kernel's documentation says."""
    program = child.seccomp_filter(machine, OWN)
    arch = child._ARCHITECTURES[machine][0] if architecture is None else architecture
    data = struct.pack("<iIQ6Q", number, arch, 0, *(*arguments, *(0,) * 6)[:6])
    at = value = 0
    while True:
        code, yes, no, constant = struct.unpack_from("HBBI", program, 8 * at)
        at += 1
        match code:
            case 0x20:
                (value,) = struct.unpack_from("<I", data, constant)
            case 0x15:
                at += yes if value == constant else no
            case 0x45:
                at += yes if value & constant else no
            case 0x06:
                return int(constant)
            case _:
                raise AssertionError(code)


@pytest.mark.parametrize("machine", HEADERS)
def test_numbers_are_the_kernels(machine: str) -> None:
    """Every name in the filter's table has the number that the kernel's header gives it."""
    if not HEADERS[machine].exists():
        pytest.skip(f"{HEADERS[machine]} is not on this machine")
    found = re.findall(r"^#define\s+__NR(?:3264)?_(\w+)\s+(\d+)\s*$", HEADERS[machine].read_text(encoding="ascii"), re.MULTILINE)
    kernel = {name: int(number) for name, number in found}
    kernel["newfstatat"] = kernel.get("newfstatat", kernel.get("fstatat", -1))  # one call, two names
    ours = _numbers(machine)
    assert {name: kernel.get(name) for name in ours} == ours
    column = {"x86_64": 0, "aarch64": 1}[machine]
    assert {name: kernel.get(name) for name in CALLS} == {name: numbers[column] for name, numbers in CALLS.items()}
    landlock = {"landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446}
    assert {name: kernel.get(name) for name in landlock} == landlock


@pytest.mark.parametrize("machine", HEADERS)
def test_the_filter_allows_what_is_listed_and_refuses_the_rest(machine: str) -> None:
    """Without running anything: also for the kind of machine that the tests do not run on."""
    column = {"x86_64": 1, "aarch64": 2}[machine]
    allowed = set(child._numbers(child._ALLOWED, column).values())
    limited = set(child._numbers(child._LIMITED, column).values())
    for number in range(600):
        if number not in limited:
            assert _answer(machine, number) == (ALLOWED if number in allowed else REFUSED), number
    assert not {numbers[column - 1] for numbers in CALLS.values()} & (allowed | limited)


@pytest.mark.parametrize("machine", HEADERS)
def test_the_filter_looks_at_arguments(machine: str) -> None:
    """Threads and no processes, reading and no writing, signals to itself only."""
    numbers = _numbers(machine)
    assert _answer(machine, numbers["clone"], 0x00010000) == ALLOWED
    assert _answer(machine, numbers["clone"], 0x01200011) != ALLOWED
    assert _answer(machine, numbers["openat"], 0, 0, 0) == ALLOWED
    assert all(_answer(machine, numbers["openat"], 0, 0, flag) != ALLOWED for flag in (1, 2, 0o100, 0o1000))
    assert _answer(machine, numbers["kill"], OWN) == ALLOWED
    assert all(_answer(machine, numbers["kill"], other) != ALLOWED for other in (1, 0, OWN + 1, 2**32 - 1))
    assert _answer(machine, numbers["prlimit64"], 0, 3, 0) == ALLOWED
    assert all(_answer(machine, numbers["prlimit64"], 0, 3, pointer) != ALLOWED for pointer in (1, 2**32, 2**40))
    assert _answer(machine, numbers["socketpair"], 1) == ALLOWED
    assert _answer(machine, numbers["socketpair"], 2) != ALLOWED
    assert all(_answer(machine, numbers["sendto"], 0, 0, 0, 0, pointer) != ALLOWED for pointer in (1, 2**33))


def test_another_instruction_set_ends_the_process() -> None:
    """A call by the numbers of 32-bit x86, or with the x32 bit, is none that was checked."""
    assert _answer("x86_64", 1, architecture=0x40000003) == KILLED
    assert _answer("aarch64", 64, architecture=0x40000028) == KILLED
    assert _answer("x86_64", 0x40000000 + 1) == REFUSED
