"""`agreeing_decimals` and `agreeing_figures`: how closely two answers agree."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from rewardlang.answers.values import Answer
from rewardlang.verdict import Missing
from rewardlang.verifier import measure


@measure("agreeing_decimals", cost="linear", version="2")
def agreeing_decimals(ones: Sequence[Answer], others: Sequence[Answer]) -> list[Fraction | Missing]:
    r"""To how many decimals two answers agree, from 0 to 12.

    What it checks
    --------------
    The largest d for which the two differ by at most half of the d-th decimal: 0.33 agrees with 1/3 to 2 decimals. Tuples, intervals
    and matrices are compared part by part and the least counts. Equal answers agree to 12. Missing where the shapes differ.

    Why it earns reward
    -------------------
    `equals` never takes a rounded number for the exact one; a file that accepts rounding says how much.

    Example
    -------
    `award 1 point when agreeing_decimals(value, gold) >= 2`

    Known gaps
    ----------
    Missing too: lists and sets without an order, formulas with symbols, complex numbers, names that differ (`x = 1`, `y = 1`), units of
    different kinds. Two units are compared in the smaller one: 1 km and 1000.4 m agree to no decimal. A unit that only one side states
    is not compared. A percentage is its hundredth: 28 % agrees with 0.28, not with 28. Roots and π are floating point: what differs
    beyond the 12th decimal is not seen.
    """
    from rewardlang.answers.agreement import agreeing_decimals as of

    return [of(one, other) for one, other in zip(ones, others, strict=True)]


@measure("agreeing_figures", cost="linear", version="2")
def agreeing_figures(ones: Sequence[Answer], others: Sequence[Answer]) -> list[Fraction | Missing]:
    r"""To how many significant figures two answers agree, from 0 to 12.

    What it checks
    --------------
    As `agreeing_decimals`, but relative to the size of the numbers: 1230 agrees with 1234 to 3 figures, and so does 0.00123 with 0.001234.

    Why it earns reward
    -------------------
    Measured quantities are told to so many figures, whatever their unit.

    Example
    -------
    `award 1 point when agreeing_figures(value, gold) >= 3`

    Known gaps
    ----------
    As of `agreeing_decimals`. Against 0 no figure agrees unless both are 0. Figures are counted from the first one of the larger number,
    by the size of the difference and not by how many were written: `1` agrees with `1.04` to 2 figures.
    """
    from rewardlang.answers.agreement import agreeing_figures as of

    return [of(one, other) for one, other in zip(ones, others, strict=True)]
