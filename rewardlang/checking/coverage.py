"""`complete for`: a list that covers a part of the world judges nothing outside of it, for better or for worse.

Outside its part a test of membership is neither true nor false. It counts as
false, so it may stand only where false gives no points and costs none: not
under `not`, not before an `else`, not in a gate. What the part is, is read from
the finding: `complete for title 42` needs a pattern with the part `{title}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rewardlang import meaning
from rewardlang.checking.checker import Checker
from rewardlang.parsing import expressions as ex
from rewardlang.parsing import syntax
from rewardlang.patterns.pattern import LikePattern
from rewardlang.program import EachBody, LetDecl, Program, Rule, ScaledBody, WhenBody
from rewardlang.record import names_of
from rewardlang.source import Span

_PART = re.compile(r"\{([^{}:]*)(?::[^{}]*)?\}")


def covers(checker: Checker, node: syntax.ListFromFile) -> meaning.Covers | None:
    """What a list says that it is complete for."""
    if node.complete_for is None:
        return None
    name, literal = node.complete_for
    match literal:
        case ex.Number(value=value):
            return meaning.Covers(name=name, value=value, words=f"{name} {literal.written}")
        case ex.Text(value=text):
            return meaning.Covers(name=name, value=text, words=f'{name} "{text}"')
    checker.fail("RW320", literal.span, "a list is complete for a number or a text", "write: complete for title 42")


def covered(checker: Checker, test: meaning.In, span: Span) -> meaning.In:
    """The test of membership that knows where its list ends. Reports RW320 where the finding does not tell its part."""
    container = test.container
    if not isinstance(container, meaning.NamedList) or container.covers is None:
        return test
    part = container.covers
    find = _find(checker, test.operand)
    like = find.pattern if isinstance(find, meaning.SpelledFind) else None
    if not isinstance(like, LikePattern):
        message = f"the list '{container.name}' is complete for {part.words} only, and what is looked up here does not say its {part.name}"
        checker.fail("RW320", test.operand.span, message, f"look up findings of a pattern 'like' with the part {{{part.name}}}")
    words = (like.spelling or like.example).split()
    tokens = [index for index, word in enumerate(words) if (whole := _PART.fullmatch(word)) and whole[1].strip() == part.name]
    if not tokens:
        message = f"the findings of '{find}' do not keep their {part.name} as a word of its own"
        checker.fail("RW320", span, message, f"write {{{part.name}}} in the pattern, between spaces, in its 'as' spelling too")
    values = {name: getattr(test, name) for name in names_of(test)}
    return meaning.CoveredIn(**values, covers=part, word=tokens[0])


def _find(checker: Checker, operand: meaning.Expr) -> meaning.Find | None:
    """What found a value, as far as the file shows."""
    match operand:
        case meaning.LoopValue(name=name):
            return checker.loop_finds.get(name)
        case meaning.Select(selector="first" | "last" | "only", find=find):
            return find
        case meaning.LetValue(name=name) if checker.let_of is not None:
            let = checker.let_of(name)
            return _find(checker, let.value) if let is not None and let.otherwise is None else None
    return None


# ---------------------------------------------------------------- where such a test may stand


def check_coverage(checker: Checker, program: Program) -> None:
    """Reports RW321 at each such test that stands where what cannot be judged would give or cost points."""
    places = _Places(program.lets)
    found = [place for rule in program.rules for place in places.of_rule(rule)]
    found += [place for gate in program.requires for place in places.inside(gate.condition)]
    found += places.wrong(program.success) if program.success is not None else []
    for place in {place.span: place for place in found}.values():
        message = f"outside {place.covers.words} this cannot be judged, and here that would give or cost points"
        advice = "use it as it is, 'is in' or 'is not in': not under 'not' or 'no … where', not before an 'else', not in a 'require'"
        checker.report("RW321", place.span, message, advice)


class _Places:
    def __init__(self, lets: Mapping[str, LetDecl]) -> None:
        self._lets = lets
        self._through = {name: let.value for name, let in lets.items()}

    def inside(self, node: meaning.Expr) -> list[meaning.CoveredIn]:
        """All such tests in an expression, lets followed."""
        return [other for other in meaning.walk(node, self._through) if isinstance(other, meaning.CoveredIn)]

    def of_rule(self, rule: Rule) -> Iterator[meaning.CoveredIn]:
        """Those of a rule that stand where they may not."""
        match rule.body:
            case WhenBody(cases=cases):
                *before, last = cases
                for case in before:
                    yield from self.inside(case.condition) if case.condition is not None else ()
                if last.condition is not None:
                    yield from self.wrong(last.condition)
            case EachBody(each=each, where=where):
                yield from self.inside(each.operand)
                yield from self.wrong(where) if where is not None else ()
            case ScaledBody(measure=measure):
                yield from self.inside(measure)

    def wrong(self, test: meaning.Expr) -> list[meaning.CoveredIn]:
        """Those under a test that is asked whether it is true."""
        match test:
            case meaning.CoveredIn():
                return []
            case meaning.AtLeast(items=items):
                return [place for item in items for place in self.wrong(item)]
            case meaning.Some(each=each, where=where, negated=False):
                return [*self.inside(each.operand), *self.wrong(where)]
            case meaning.Truth(operand=meaning.LetValue(name=name)) if self._lets[name].otherwise is None:
                return self.wrong(self._lets[name].value)
        return self.inside(test)
