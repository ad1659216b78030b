"""What is known of the tests of a program when some of them are known."""

from __future__ import annotations

from collections.abc import Iterable

from rewardlang import meaning
from rewardlang.checking.axioms import Axioms
from rewardlang.checking.comparisons import Comparisons
from rewardlang.checking.judged import Judging
from rewardlang.checking.outcomes import FAILS, HOLDS, NOT_HELD, UNJUDGED, Known, Outcomes, Tree, forced, possible, tree
from rewardlang.checking.same_meaning import Keys
from rewardlang.program import EachBody, Program, WhenBody

_MOST_TOLD = 8


class Prover:
    """The single tests of a program's gates and rules and of some other conditions, with what they say about each other."""

    def __init__(self, program: Program, conditions: tuple[meaning.Expr, ...]) -> None:
        self.program = program
        self._keys = Keys(program.lets)
        self.atoms: dict[str, meaning.Expr] = {}
        self._trees: dict[int, tuple[meaning.Expr, Tree]] = {}
        bodies = (rule.body for rule in program.rules)
        tests = [case.condition for body in bodies if isinstance(body, WhenBody) for case in body.cases if case.condition is not None]
        for test in [*conditions, *tests, *(gate.condition for gate in program.requires)]:
            self.tree(test)
        comparisons = Comparisons(self._keys, program.lets, program.requires)
        self._axioms = Axioms(self._keys, comparisons, Judging(self._keys, program.lets), self.atoms)
        self.gates = sorted(program.requires, key=lambda gate: gate.score is not None)  # as a row meets them: those that skip first

    def tree(self, test: meaning.Expr) -> Tree:
        """How the condition is built from single tests."""
        if id(test) not in self._trees:
            self._trees[id(test)] = test, tree(test, self._keys, self.program.lets, self.atoms)
        return self._trees[id(test)][1]

    def limits(self, body: EachBody) -> list[tuple[str, int]]:
        """Single tests that, where they hold, say how many things a rule finds at most."""
        return self._axioms.limits(body.each, distinct=body.distinct)

    def linked(self) -> list[tuple[str, str]]:
        """Pairs of single tests that say something about each other."""
        return list(self._axioms.linked())

    def of(self, known: Known, key: str) -> Outcomes:
        """The ways in which a single test can come out."""
        found = known.get(key)
        return self._axioms.open(key) if found is None else found

    def outcomes(self, test: meaning.Expr, known: Known) -> Outcomes:
        """The ways in which a condition can come out."""
        return possible(self.tree(test), lambda key: self.of(known, key))

    def holds_as_promised(self, test: meaning.Expr, known: Known) -> Outcomes:
        """The same for the condition of a promise, in which a test that nobody could judge counts as failed."""

        def of(key: str) -> Outcomes:
            found = self.of(known, key)
            return found & ~UNJUDGED | FAILS if found & UNJUDGED else found

        return possible(self.tree(test), of)

    def closed(self, known: Known) -> dict[str, Outcomes] | None:
        """All that follows from what is known of some tests; None when it cannot be so."""
        return self._axioms.closed(known)

    def with_(self, known: Known, more: Iterable[tuple[str, Outcomes]]) -> dict[str, Outcomes] | None:
        """All that is known once more is known of single tests, `known` being closed; None when it cannot be so."""
        found = list(more)
        return self._axioms.closed(known, found) if found else dict(known)

    def assume(self, known: Known, test: meaning.Expr, outcomes: Outcomes) -> dict[str, Outcomes] | None:
        """What is known if the condition comes out in one of these ways as well; None when it cannot."""
        closed = self.with_(known, forced(self.tree(test), outcomes))
        return closed if closed is not None and self.outcomes(test, closed) & outcomes else None

    def promised(self, known: Known, test: meaning.Expr | None) -> dict[str, Outcomes] | None:
        """What is known of the rows that a promise is about."""
        if test is None:
            return self._axioms.closed(known)
        needed = ((key, HOLDS if outcomes == HOLDS else NOT_HELD) for key, outcomes in forced(self.tree(test), HOLDS))
        closed = self.with_(known, needed)
        return closed if closed is not None and self.holds_as_promised(test, closed) & HOLDS else None

    def passed(self, known: Known) -> dict[str, Outcomes] | None:
        """What is known of rows that pass every gate; None when there are none."""
        passed: dict[str, Outcomes] | None = dict(known)
        for gate in self.gates:
            passed = None if passed is None else self.assume(passed, gate.condition, HOLDS)
        return passed

    def told(self, known: Known) -> str:
        """What is assumed, in the words of the file."""
        parts = []
        for key, outcomes in known.items():
            words = " ".join(self.program.source.cut(self.atoms[key].span).split())
            if outcomes == HOLDS:
                parts.append(words)
            elif outcomes == UNJUDGED:
                parts.append(f"nobody can judge ({words}), as where a check declines or breaks")
            elif not outcomes & HOLDS:
                parts.append(f"not ({words})")
        parts = list(dict.fromkeys(parts))
        return " and ".join([*parts[:_MOST_TOLD], *(["…"] if len(parts) > _MOST_TOLD else [])])
