"""Proofs of what a file promises about its score, before any row is seen.

`guarantee score at most 0.5 when not value equals gold`: no row for which the
condition holds may get more, whatever its other tests say and whatever nobody
could judge. The bound that is found is never passed by a row; it may be larger
than what rows reach, and then the promise is refused although it holds.
"""

from __future__ import annotations

from rewardlang.checking.checker import Checker
from rewardlang.checking.decided import Values
from rewardlang.checking.prover import Prover
from rewardlang.checking.rules import out_of_range
from rewardlang.checking.score_bounds import ScoreBounds
from rewardlang.program import Bound, Guarantee, Interval, Outweighs, Program
from rewardlang.record import replaced
from rewardlang.written import written


def prove(checker: Checker, program: Program) -> None:
    """Reports every guarantee of the program that is not proved."""
    bounds = [promise for promise in program.guarantees if isinstance(promise, Guarantee)]
    prover = Prover(program, tuple(promise.condition for promise in bounds if promise.condition is not None))
    scores, facts = ScoreBounds(prover), Values(program.lets).facts(prover.atoms)
    for promise in bounds:
        worst = scores.outside(promise.bound, promise.condition, facts)
        if worst is not None:
            checker.report("RW420", promise.span, f"not proved: as far as is known, the score can be {written(worst.score)}", worst.how)
    weighings = [promise for promise in program.guarantees if isinstance(promise, Outweighs)]
    if weighings:
        from rewardlang.checking.outweighs import prove_outweighs

        for weighing in weighings:
            prove_outweighs(checker, program, prover, weighing)


def within_bounds(checker: Checker, program: Program) -> Program:
    """The program with the range that its score is shown to have; RW402 where that leaves the bounds that are given.

    For a file whose rules, each at its best, would add up to more.
    """
    prover = Prover(program, ())
    score = program.score
    worst = ScoreBounds(prover).outside(Bound(score.low, score.high), None, Values(program.lets).facts(prover.atoms))
    if worst is not None:
        out_of_range(checker, score, program.sections, program.rules, program.reachable, worst.score, worst.how if worst.settled else "")
    return replaced(program, reachable=Interval(max(program.reachable.low, score.low), min(program.reachable.high, score.high)))
