"""How one completion was marked: plain records, one a rule, that sum to the score.

Points are exact (`Fraction`) as long as rules are added up inside a section;
each section's record is rounded to a double once, and the score is the sum of
those doubles in the order of the file, plus the clamping record. So
`sum(record.points for record in row.sections) + row.clamping == row.score`,
to the last bit.
"""

from __future__ import annotations

from fractions import Fraction

from rewardlang.record import NamedTuple
from rewardlang.source import Span


class Shown(NamedTuple):
    """A value that a rule looked at: its words in the file (`span`), and the value as people read it."""

    span: Span
    words: str
    value: str


class Place(NamedTuple):
    """Code points [start, end) of the completion that a rule spoke about, with a note for the margin."""

    start: int
    end: int
    note: str = ""


class Mark(NamedTuple):
    """What one rule did. `points` is signed (a deduction is negative), before caps and weight of its section."""

    rule: str
    section: str | None
    points: Fraction
    fired: bool
    reason: str
    span: Span
    shown: tuple[Shown, ...] = ()
    places: tuple[Place, ...] = ()
    because: str | None = None
    unjudged: tuple[str, ...] = ()


class SectionMark(NamedTuple):
    """A section's sum: `raw` is the sum of its rules, `capped` after its caps, `points` = capped × weight as a double."""

    section: str | None
    raw: Fraction
    capped: Fraction
    weight: Fraction
    points: float


class Gate(NamedTuple):
    """The `require` that stopped the row. `score` is None for `else skip`."""

    span: Span
    words: str
    score: float | None
    reason: str
    because: str | None = None


class Failure(NamedTuple):
    """A verifier that refused (`broke` False) or broke on this row; counted as `verifier_errors/<verifier>`."""

    verifier: str
    broke: bool
    reason: str


class RowMarks(NamedTuple):
    """A marked row. `score` is None when the row was skipped; under a gate there are no marks and no sections."""

    completion: str
    score: float | None
    marks: tuple[Mark, ...]
    sections: tuple[SectionMark, ...]
    clamping: float
    gate: Gate | None
    success: bool | None
    failures: tuple[Failure, ...]
    truncated: bool = False
