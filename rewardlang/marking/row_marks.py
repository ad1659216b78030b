"""The marking of one row: gates, rules, sections, score. This is the meaning of a `.reward` file, one row at a time.

Everything faster has to agree with it bit for bit.
"""

from __future__ import annotations

import math
from fractions import Fraction

from rewardlang import meaning, types
from rewardlang.answers.values import Measured
from rewardlang.marking.piece import Piece
from rewardlang.marking.row_tests import JudgedRow, Leaf, Truth
from rewardlang.marking.row_values import Value, identity
from rewardlang.marks import Gate, Mark, Place, RowMarks, SectionMark, Shown
from rewardlang.program import EachBody, Program, Require, Rule, ScaledBody, ScoreRange, Section, WhenBody
from rewardlang.record import NamedTuple
from rewardlang.verdict import Missing, Refused
from rewardlang.written import written

_MAX_SHOWN = 6
_MAX_TEXT = 60
_MAX_PLACES = 100


class _Outcome(NamedTuple):
    """What a rule's body came to: unsigned points, whether it applied, and what to show."""

    points: Fraction
    fired: bool
    reason: str
    leaves: tuple[Leaf, ...] = ()
    shown: tuple[Shown, ...] = ()
    places: tuple[Place, ...] = ()
    unjudged: tuple[str, ...] = ()


class RowMarker:
    """Marks one row of a program at a training step."""

    def __init__(self, program: Program, row: JudgedRow, completion: str, step: int) -> None:
        self._program, self._row, self._completion, self._step = program, row, completion, step

    def mark(self) -> RowMarks:
        """The row's marks; see `rewardlang.marks`."""
        gate = self._gate()
        success = None
        if self._program.success is not None and (gate is None or gate.score is not None):
            success = self._row.truth(self._program.success).holds is True
        if gate is not None:
            return self._result(gate.score, (), (), 0.0, gate, success)
        marks = tuple(self._rule(rule) for rule in self._program.rules)
        sections = tuple(self._section(section, marks) for section in self._program.sections)
        total = 0.0
        for section in sections:
            total += section.points
        clamping = clamping_of(self._program.score, total)
        return self._result(total + clamping, marks, sections, clamping, None, success)

    def _result(
        self,
        score: float | None,
        marks: tuple[Mark, ...],
        sections: tuple[SectionMark, ...],
        clamping: float,
        gate: Gate | None,
        success: bool | None,
    ) -> RowMarks:
        truncated = self._row.given.get("truncated") is True
        return RowMarks(self._completion, score, marks, sections, clamping, gate, success, tuple(self._row.failures), truncated)

    # -------------------------------------------------------- gates

    def _gate(self) -> Gate | None:
        """The gate that stops the row: unusable data first, then the first `require` that fails. One that nobody could judge fails."""
        requires = self._program.requires
        for require in [*(r for r in requires if r.score is None), *(r for r in requires if r.score is not None)]:
            truth = self._row.truth(require.condition)
            if truth.holds is not True:
                return self._stopped(require, truth)
        return None

    def _stopped(self, require: Require, truth: Truth) -> Gate:
        score = None if require.score is None else float(require.score)
        return Gate(require.span, self._words(require.condition), score, self._told(truth), require.because)

    # -------------------------------------------------------- rules

    def _rule(self, rule: Rule) -> Mark:
        match rule.body:
            case WhenBody():
                outcome = self._when(rule, rule.body)
            case EachBody():
                outcome = self._each(rule, rule.body)
            case ScaledBody():
                outcome = self._scaled(rule, rule.body)
        points = outcome.points if rule.sign == "award" else -outcome.points
        shown = outcome.shown or self._shown(outcome.leaves)
        whole = (0, len(self._completion))
        places = outcome.places or tuple(dict.fromkeys(Place(*place) for leaf in outcome.leaves for place in leaf.places if place != whole))
        return Mark(
            rule=rule.name,
            section=rule.section,
            points=points,
            fired=outcome.fired,
            reason=outcome.reason,
            span=rule.span,
            shown=shown,
            places=places[:_MAX_PLACES],
            because=rule.because,
            unjudged=outcome.unjudged,
        )

    def _when(self, rule: Rule, body: WhenBody) -> _Outcome:
        """The first case that holds; where a verdict was not reached, the case that gives the row fewest points."""
        possible: list[tuple[Fraction, bool, Truth]] = []
        unjudged: list[str] = []
        leaves: list[Leaf] = []
        for case in body.cases:
            truth = Truth(True, ()) if case.condition is None else self._row.truth(case.condition)
            if truth.holds is not False:
                possible.append((self._row.value(case.points.value), True, truth))
            if truth.holds is None:
                unjudged.extend(leaf.reason for leaf in truth.leaves)
            elif truth.holds:
                break
            leaves.extend(truth.leaves)
        else:
            possible.append((Fraction(0), False, Truth(False, tuple(leaves))))
        points, fired, truth = (min if rule.sign == "award" else max)(possible, key=lambda outcome: outcome[0])
        if truth.holds and not truth.leaves:
            reason = "otherwise" if len(body.cases) > 1 else "always"
            truth = Truth(True, tuple(leaves))
        else:
            reason = self._told(truth)
        return _Outcome(points, fired, reason, truth.leaves, unjudged=tuple(dict.fromkeys(unjudged)))

    def _each(self, rule: Rule, body: EachBody) -> _Outcome:
        """Points for each finding, up to the limit."""
        items = self._row.each(body.each)
        name = str(body.each.find) if body.each.find is not None else body.each.name or "item"
        most = None if body.limit is None else self._row.value(body.limit.value)
        if isinstance(items, Refused):
            worst = Fraction(0) if rule.sign == "award" else most if most is not None else rule.range.high
            return _Outcome(worst, worst != 0, f"not judged: {items.reason}", unjudged=(items.reason,))
        if isinstance(items, Missing):
            return _Outcome(Fraction(0), False, f"nothing to look through: {items.reason}")
        count = 0
        shown: list[Value] = []
        places: list[Place] = []
        seen: set[object] = set()
        unjudged: list[str] = []
        for place, value, note in items:
            if body.distinct and identity(value) in seen:
                continue
            self._row.with_loop(body.each.name, value)
            truth = Truth(True, ()) if body.where is None else self._row.truth(body.where)
            if truth.holds is None:
                unjudged.extend(leaf.reason for leaf in truth.leaves[:1] if len(unjudged) < _MAX_SHOWN)
            if truth.holds or (truth.holds is None and rule.sign == "deduct"):
                count += 1
                if body.distinct:
                    seen.add(identity(value))
                if len(places) < _MAX_PLACES:
                    shown.append(value)
                    places += [Place(*span, note) for span in (place.pieces or ())] if place is not None else []
        one = self._row.value(body.points.value)
        points = one * count
        limited = most is not None and points > most
        reason = f"{count} counted" + (f", limited to {written(most)}" if limited and most is not None else "")
        return _Outcome(
            most if limited and most is not None else points,
            count > 0,
            reason,
            shown=(Shown(body.each.span, name, _listed(shown, count, body.each.item)),) if count else (),
            places=tuple(places),
            unjudged=tuple(dict.fromkeys(unjudged)),
        )

    def _scaled(self, rule: Rule, body: ScaledBody) -> _Outcome:
        """Points times a measure, cut to 0…1; a missing measure gives none, one that was refused gives the row the worse end."""
        value = self._row.value(body.measure)
        most = self._row.value(body.points.value)
        shown = (Shown(body.measure.span, self._words(body.measure), shown_value(value)),)
        if isinstance(value, Refused):
            worst = Fraction(0) if rule.sign == "award" else most
            return _Outcome(worst, worst != 0, f"not judged: {value.reason}", shown=shown, unjudged=(value.reason,))
        if isinstance(value, Missing):
            return _Outcome(Fraction(0), False, f"nothing to measure: {value.reason}", shown=shown)
        share = min(max(value, Fraction(0)), Fraction(1))
        return _Outcome(most * share, share > 0, f"{written(most)} × {written(share)}", shown=shown)

    # -------------------------------------------------------- sections and score

    def _section(self, section: Section, marks: tuple[Mark, ...]) -> SectionMark:
        raw = sum((mark.points for mark in marks if mark.section == section.name), Fraction(0))
        capped = raw if section.low is None else max(raw, section.low)
        capped = capped if section.high is None else min(capped, section.high)
        weight = section.weight_at(self._step)
        return SectionMark(section.name, raw, capped, weight, float(capped * weight))

    # -------------------------------------------------------- words

    def _words(self, node: meaning.Expr) -> str:
        words = " ".join(self._program.source.cut(node.span).split())
        return words if len(words) <= _MAX_TEXT else words[: _MAX_TEXT - 1] + "…"

    def _told(self, truth: Truth) -> str:
        """Which tests decided, in the file's words, with the reason where one has more to say."""
        parts = []
        for leaf in truth.leaves[:3]:
            verb = {True: "holds", False: "does not hold", None: "was not judged"}[leaf.holds]
            parts.append(f"{verb}: {self._words(leaf.node)}" + (f" ({leaf.reason})" if leaf.reason else ""))
        if len(truth.leaves) > 3:
            parts.append(f"and {len(truth.leaves) - 3} more")
        return "; ".join(parts)

    def _shown(self, leaves: tuple[Leaf, ...]) -> tuple[Shown, ...]:
        found: dict[str, Shown] = {}
        for leaf in leaves:
            for node, value in leaf.compared:
                words = self._words(node)
                found.setdefault(words, Shown(node.span, words, shown_value(value, node.type)))
        return tuple(found.values())[:_MAX_SHOWN]


def clamping_of(declared: ScoreRange, total: float) -> float:
    """What must be added to the total so that it lies in a clamped range, exactly: no rounding may leave the range."""
    if not declared.clamped:
        return 0.0
    low, high = float(declared.low), float(declared.high)
    clamping = min(max(total, low), high) - total
    while total + clamping > high:
        clamping = math.nextafter(clamping, -math.inf)
    while total + clamping < low:
        clamping = math.nextafter(clamping, math.inf)
    return clamping


def shown_value(value: Value, type_: types.Type = types.NUMBER) -> str:
    """A value as an explanation shows it, shortened; control characters escaped. The type says what a quantity measures."""
    inner = getattr(type_, "item", type_)  # of a list, or of what is optional
    match value:
        case Piece(text=text):
            return _quoted(text)
        case str():
            return _quoted(value)
        case bool():
            return "true" if value else "false"
        case Measured(written=words) if words:
            return _shortened(words)
        case Fraction() if isinstance(inner, types.QuantityType):
            from rewardlang.answers.quantities import shown_quantity

            return shown_quantity(value, inner.dimension)
        case Fraction():
            return written(value)
        case tuple():
            return _listed(list(value), type_=inner)
        case Missing(reason=reason):
            return f"missing: {reason}"
        case Refused(reason=reason):
            return f"not judged: {reason}"
    return _shortened(str(getattr(value, "written", value)))


def _quoted(text: str) -> str:
    return '"' + _shortened(text.replace("\n", "⏎")) + '"'


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"


def _listed(values: list[Value], count: int | None = None, type_: types.Type = types.NUMBER) -> str:
    """The first values, and how many more there are."""
    shown = ", ".join(shown_value(value, type_) for value in values[:_MAX_SHOWN])
    more = (len(values) if count is None else count) - _MAX_SHOWN
    return (shown + (f" and {more} more" if more > 0 else "")) or "none"
