"""What all tests over values share: missing ones make a test false, refused ones leave it open; and the asking of verifiers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from rewardlang.engine.column import FALSE, THERE, TRUE, UNKNOWN, Codes, Column, Rows, codes, joined_state
from rewardlang.engine.frame import Frame
from rewardlang.engine.plan import Step
from rewardlang.engine.value_kernels import ask
from rewardlang.verdict import Refused, Verdict
from rewardlang.verifier import Verifier

_ALL = slice(None)
Places: TypeAlias = "Rows | slice"
Decide: TypeAlias = Callable[[Places, list[Column]], Codes]


def leaf(
    frame: Frame,
    rows: Rows,
    inputs: Sequence[int],
    decide: Decide,
    *,
    negated: bool = False,
    asks: bool = True,
) -> Codes:
    """A test over values that are there; missing ones make it false, refused ones leave it open.

    `decide` is given the places among `rows` and the operands there. One that
    asks no verifier may be given rows in which something is missing as well.
    """
    return judged([frame.values(index, rows) for index in inputs], decide, negated=negated, asks=asks)


def judged(columns: list[Column], decide: Decide, *, negated: bool = False, asks: bool = True) -> Codes:
    """The same for columns at hand."""
    state = joined_state(columns)
    if state is None:
        held = decide(_ALL, columns)
        return TRUE - held if negated else held
    if not asks and all(column.filled for column in columns):
        held = decide(_ALL, columns)
        return np.where(state == THERE, TRUE - held if negated else held, np.int8(2) - state)
    there = (state == THERE).nonzero()[0]
    truth = np.int8(2) - state
    held = decide(there, [column.take(there) for column in columns])
    truth[there] = TRUE - held if negated else held
    return truth


def verdicts(frame: Frame, step: Step, verifier: Verifier, rows: Rows, arguments: list[list[Any]]) -> Codes:
    """What a verifier says of some rows."""
    said = ask(frame, step, verifier, rows, arguments, _code)
    return codes([UNKNOWN if type(code) is Refused else code for code in said])


def _code(_arguments: Any, verdict: Verdict) -> int:
    return UNKNOWN if verdict.holds is None else TRUE if verdict.holds else FALSE
