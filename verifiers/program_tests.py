"""`tests_passed` and `outputs_passed`: what a program does, in a sandbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import measure

if TYPE_CHECKING:
    from rewardlang.sandbox.run import Limits

MAX_TESTS = 50
MAX_WORKERS = 8
MAX_CHARACTERS = 100_000
_SECONDS = Fraction(2)
_LIMITS = {"tests": MAX_TESTS, "characters": MAX_CHARACTERS, "MiB": 512, "KiB of output": 1024}


@measure("tests_passed", cost="external", version="2", limits=_LIMITS)
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
    The tests decide: a program can know their answers by heart, so keep tests that the prompt does not show. What a test compares with a
    literal (`assert add(1, 2) == 3`) is compared outside of the program, which does not see the literal, unless the test has `try` or
    `with`; a value of a class of its own equals none. Any other assertion runs in one process with the program, where one that sets out
    to can make it pass (`abs(f(1) - 2) < 0.1` with another `abs`): `outputs_passed` compares outside throughout. A program near its time
    limit can pass on one machine and fail on another. Values of 50 tests and more are not computed.
    """
    rows = [[_Case(program, test, "", int(seconds)) for test in of_row] for program, of_row in zip(programs, tests, strict=True)]
    return _shares(rows, seconds, _Case.test_passes)


@measure("outputs_passed", cost="external", version="1", limits=_LIMITS)
def share_of_outputs(
    programs: Sequence[str], inputs: Sequence[tuple[str, ...]], outputs: Sequence[tuple[str, ...]], *, seconds: Fraction = _SECONDS
) -> list[Fraction | Missing | Refused]:
    """The share of inputs for which a Python program prints the right output, run in a sandbox."""
    rows = [
        [_Case(program, given, wanted, int(seconds)) for given, wanted in zip(ins, outs, strict=False)]
        for program, ins, outs in zip(programs, inputs, outputs, strict=True)
    ]
    shares = _shares(rows, seconds, _Case.output_is_right)
    uneven = [len(ins) != len(outs) for ins, outs in zip(inputs, outputs, strict=True)]
    return [Missing("not as many inputs as outputs") if odd else share for odd, share in zip(uneven, shares, strict=True)]


class _Case(NamedTuple):
    """A program, what it is given (a test, or standard input), the output that is wanted, and seconds of CPU."""

    program: str
    given: str
    wanted: str
    seconds: int

    def test_passes(self) -> bool:
        """Whether program and test come to their end, and the values that the test compares with literals are what it says."""
        from rewardlang.sandbox.assertions import all_met, split
        from rewardlang.sandbox.run import run_program

        test = split(self.given)
        ran = run_program(self.program, test=test.inside, record=test.record, main=False, limits=self._limits())
        return ran.done and all_met(test, ran.recorded)

    def output_is_right(self) -> bool:
        """Whether the program prints the words that are wanted, line by line."""
        from rewardlang.sandbox.run import run_program

        ran = run_program(self.program, given=self.given, limits=self._limits())
        return ran.left and _words(ran.output) == _words(self.wanted)

    def _limits(self) -> Limits:
        from rewardlang.sandbox.run import Limits

        return Limits(self.seconds, wall=3.0 * self.seconds + 10)


def _words(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


def _shares(rows: list[list[_Case]], seconds: Fraction, passes: Callable[[_Case], bool]) -> list[Fraction | Missing | Refused]:
    """The share of its cases that pass, for each row; processes side by side, as many as there are cores."""
    import os
    from concurrent.futures import ThreadPoolExecutor

    from rewardlang.sandbox.run import NoSandbox

    if seconds.denominator != 1 or not 1 <= seconds <= 10:
        return [Missing("seconds must be a whole number from 1 to 10") for _ in rows]
    with ThreadPoolExecutor(min(MAX_WORKERS, os.cpu_count() or 1)) as executor:
        problems = [_problem(cases) for cases in rows]
        running = [
            [] if problem else [executor.submit(passes, case) for case in cases] for problem, cases in zip(problems, rows, strict=True)
        ]
        try:
            return [
                problem or Fraction(sum(run.result() for run in runs), len(runs)) for problem, runs in zip(problems, running, strict=True)
            ]
        except NoSandbox as error:
            return [problem or Refused(str(error)) for problem in problems]


def _problem(cases: list[_Case]) -> Missing | Refused | None:
    if not cases:
        return Missing("there are no tests")
    if len(cases) > MAX_TESTS:
        return Refused(f"more than {MAX_TESTS} tests")
    if any(len(part) > MAX_CHARACTERS for case in cases for part in case[:3]):
        return Refused(f"more than {MAX_CHARACTERS:,} characters")
    return None
