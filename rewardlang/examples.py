"""Runs the examples and attacks of a file and says which expectations do not hold, each at its place."""

from __future__ import annotations

from typing import Literal

from rewardlang.errors import Diagnostic
from rewardlang.marking.intake import example_row
from rewardlang.marking.scorer import Scorer
from rewardlang.marks import Mark, RowMarks
from rewardlang.program import Example, Expectation, Program
from rewardlang.record import PlainRecord
from rewardlang.registry import Registry
from rewardlang.source import Span
from rewardlang.written import written


class ExampleResult(PlainRecord):
    """How an example came out; `failures` is empty when every expectation holds."""

    kind: Literal["example", "attack"]
    title: str
    span: Span
    row: RowMarks
    failures: tuple[Diagnostic, ...]


def run_program_examples(program: Program, registry: Registry) -> tuple[ExampleResult, ...]:
    """All examples of the program, in the order of the file."""
    return tuple(_run(program, registry, example) for example in program.examples)


def _run(program: Program, registry: Registry, example: Example) -> ExampleResult:
    intake = example_row(program, registry, example.completion, example.values)
    (row,) = Scorer(program).mark([intake], example.step)  # one each, so that a verifier that breaks is told at every example
    failures = [
        Diagnostic("RW505", "error", f'{example.kind} "{example.title}": {failure.reason}', program.source, example.span)
        for failure in row.failures
        if failure.broke
    ]
    failures += [
        Diagnostic("RW505", "error", f'{example.kind} "{example.title}": {told}', program.source, expectation.span, _why(row))
        for expectation in example.expectations
        if (told := _failure(expectation, row)) is not None
    ]
    return ExampleResult(example.kind, example.title, example.span, row, tuple(failures))


def _failure(expectation: Expectation, row: RowMarks) -> str | None:
    """What came instead of what is expected, or None when it holds."""
    skipped = row.score is None
    if expectation.kind == "skip":
        return None if skipped else f"the row is marked {row.score!r}, and a skip is expected"
    if skipped:
        return "the row is skipped"
    if expectation.kind == "success":
        return None if row.success == expectation.holds else f"the completion is {'' if row.success else 'no '}success"
    if expectation.kind == "score":
        assert row.score is not None
        holds = _between(expectation, row.score)
        return None if holds else f"the score is {row.score!r}"
    mark = _mark(row, expectation.subject)
    if mark is None:
        return (
            None
            if expectation.kind == "fires" and not expectation.holds
            else f"a gate stops the row before '{expectation.subject}' is looked at"
        )
    if expectation.kind == "fires":
        return None if mark.fired == expectation.holds else f"'{mark.rule}' {'fires' if mark.fired else 'is silent'} ({mark.reason})"
    return None if _between(expectation, mark.points) else f"'{mark.rule}' gives {written(mark.points)} ({mark.reason})"


def _between(expectation: Expectation, value: object) -> bool:
    low, high = expectation.low, expectation.high
    return (low is None or value >= low) and (high is None or value <= high)  # type: ignore[operator]


def _mark(row: RowMarks, rule: str | None) -> Mark | None:
    return next((mark for mark in row.marks if mark.rule == rule), None)


def _why(row: RowMarks) -> str:
    """The marks in one line, to see where the points came from."""
    if row.gate is not None:
        return f"stopped by: require {row.gate.words} ({row.gate.reason})"
    given = [f"{mark.rule} {written(mark.points)}" for mark in row.marks if mark.points]
    return "points: " + (", ".join(given) or "none")
