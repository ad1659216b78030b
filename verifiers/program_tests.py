"""`tests_passed` and `outputs_passed`: what a program does, in a sandbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import measure

MAX_TESTS = 50
MAX_CHARACTERS = 100_000
_SECONDS = Fraction(2)
_LIMITS = {"tests": MAX_TESTS, "characters": MAX_CHARACTERS, "MiB": 512, "KiB of output": 1024}


@measure("tests_passed", cost="external", version="1", limits=_LIMITS)
def share_of_tests(
    programs: Sequence[str], tests: Sequence[tuple[str, ...]], *, seconds: Fraction = _SECONDS
) -> list[Fraction | Missing | Refused]:
    """The share of its tests that a Python program passes, run in a sandbox.

    What it checks
    --------------
    Runs the program, and then one test (a line or more of Python, such as `assert add(1, 2) == 3`) on the names that it left; once for
    each test, in a process of its own. A test is passed when program and test come to their end without an exception within `seconds`
    of CPU (1 to 10). `outputs_passed(program, inputs, outputs)` runs the program as a script with each input on standard
    input, and compares what it prints with the output of the same place: lines and words must be equal, white space is free. Only
    the standard library can be imported. The sandbox allows no network, no other process, no writing, and little reading
    (rewardlang/sandbox/README.md); without one (macOS, Windows) nothing is run and there is no verdict.

    Why it earns reward
    -------------------
    Whether a program works is what was asked for; how it looks is not.

    Example
    -------
    `rule works: award up to 2 points scaled by outputs_passed(only code_block in completion, inputs, outputs)`

    Known gaps
    ----------
    The tests decide: a program can know their answers by heart, so keep tests that the prompt does not show. `tests_passed` runs test and
    program in one process, where a program that sets out to can make a test pass (an object that equals everything, a changed
    `AssertionError`): `outputs_passed` compares outside, and cannot be cheated so. A program near its time limit can pass on one
    machine and fail on another. Values of 50 tests and more are not computed.
    """
    return [_share([(program, test, "") for test in of_row], seconds, _test) for program, of_row in zip(programs, tests, strict=True)]


@measure("outputs_passed", cost="external", version="1", limits=_LIMITS)
def share_of_outputs(
    programs: Sequence[str], inputs: Sequence[tuple[str, ...]], outputs: Sequence[tuple[str, ...]], *, seconds: Fraction = _SECONDS
) -> list[Fraction | Missing | Refused]:
    """The share of inputs for which a Python program prints the right output, run in a sandbox."""
    return [
        _share([(program, given, wanted) for given, wanted in zip(ins, outs, strict=True)], seconds, _output)
        if len(ins) == len(outs)
        else Missing(f"{len(ins)} inputs and {len(outs)} outputs")
        for program, ins, outs in zip(programs, inputs, outputs, strict=True)
    ]


def _share(
    cases: list[tuple[str, str, str]], seconds: Fraction, passes: Callable[[str, str, str, int], bool]
) -> Fraction | Missing | Refused:
    from rewardlang.sandbox.run import NoSandbox

    if seconds.denominator != 1 or not 1 <= seconds <= 10:
        return Missing("seconds must be a whole number from 1 to 10")
    if not cases:
        return Missing("there are no tests")
    if len(cases) > MAX_TESTS:
        return Refused(f"more than {MAX_TESTS} tests")
    if any(len(part) > MAX_CHARACTERS for part in cases[0]):
        return Refused(f"more than {MAX_CHARACTERS:,} characters")
    try:
        return Fraction(sum(passes(*case, int(seconds)) for case in cases), len(cases))
    except NoSandbox as error:
        return Refused(str(error))


def _test(program: str, test: str, _: str, seconds: int) -> bool:
    from rewardlang.sandbox.run import Limits, run_program

    return run_program(program, test=test, main=False, limits=Limits(seconds, wall=3.0 * seconds + 10)).done


def _output(program: str, given: str, wanted: str, seconds: int) -> bool:
    from rewardlang.sandbox.run import Limits, run_program

    ran = run_program(program, given=given, limits=Limits(seconds, wall=3.0 * seconds + 10))
    return ran.left and [line.split() for line in ran.output.strip().splitlines()] == [line.split() for line in wanted.strip().splitlines()]
