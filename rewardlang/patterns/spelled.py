r"""Regular expressions with a spelling: `/(\d{4})-(\d\d)/ as "{1}/{2}"`, where a finding's value is put together from its groups.

Where the match stands is for `Pattern` to say; its groups are read from the
match alone. Python's `re` does both at once where linear time is proved and no
group is repeated. Of a group in a loop the last turn counts, as in RE2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from rewardlang.patterns.linear import linear_pattern
from rewardlang.patterns.parse import PatternError, parse_groups
from rewardlang.patterns.pattern import Pattern, SpellingError, compile_pattern, readable
from rewardlang.patterns.run import Machine, TooLargeError
from rewardlang.patterns.tree import Tree
from rewardlang.verdict import Finding

_FIELD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class SpelledPattern:
    """A regular expression whose findings are compared in one spelling. `parts` are fixed texts and numbers of groups, 0 for all."""

    pattern: Pattern
    spelling: str
    parts: tuple[str | int, ...]
    _grouped: Tree = field(compare=False, repr=False)

    @cached_property
    def _fast(self) -> re.Pattern[str] | None:
        proved = linear_pattern(self.pattern.tree, self._grouped)
        return re.compile(proved, re.ASCII) if proved is not None else None

    @cached_property
    def _machine(self) -> Machine:
        return Machine(self._grouped)

    def finditer(self, text: str) -> Iterator[Finding[str]]:
        """The matches from left to right; the value is the spelling, in which a group that took no part is empty."""
        looked_at = readable(text)
        fast = self._fast
        for start, end in self.pattern.finditer(text):
            if fast is not None:
                found = fast.match(looked_at, start)
                assert found is not None, "both find the same"
                places = {0: (start, end)} | {n: found.span(n) for n in range(1, fast.groups + 1)}
            else:
                marks = self._machine.groups(looked_at, start, end)
                places = {0: (start, end)} | {n // 2: (marks[n], marks[n + 1]) for n in marks if n % 2 == 0 and n + 1 in marks}
            yield Finding(start, end, "".join(self._part(part, text, places) for part in self.parts))

    @staticmethod
    def _part(part: str | int, text: str, places: dict[int, tuple[int, int]]) -> str:
        if isinstance(part, str):
            return part
        start, end = places.get(part, (0, 0))
        return text[max(start, 0) : max(end, 0)]


def compile_spelled(pattern: str, flags: str, spelling: str) -> SpelledPattern:
    """Compiles a regular expression with its spelling; raises PatternError, or SpellingError with offsets into the spelling."""
    compiled = compile_pattern(pattern, flags)
    tree, groups, names = parse_groups(pattern, flags)
    parts: list[str | int] = []
    at = 0
    for written in _FIELD.finditer(spelling):
        name = written[1].strip()
        number = int(name) if name.isascii() and name.isdigit() and len(name) < 6 else names.get(name)
        if number is None or number > groups:
            raise SpellingError(f"the spelling names the group {{{name}}}, and {_has(groups, names)}", written.start(), written.end())
        parts += [spelling[at : written.start()], number]
        at = written.end()
    if not parts:
        raise SpellingError("the spelling names no group, so all findings would be the same", 0, len(spelling))
    parts.append(spelling[at:])
    spelled = SpelledPattern(compiled, spelling, tuple(part for part in parts if part != ""), tree)
    try:
        if spelled._fast is None:
            _ = spelled._machine
    except TooLargeError:
        raise PatternError("the pattern is too large for its groups to be read", 0, len(pattern)) from None
    return spelled


def _has(groups: int, names: dict[str, int]) -> str:
    if not groups:
        return "the pattern has no groups: put brackets around a part"
    numbered = "the pattern has one group, {1}" if groups == 1 else f"the pattern has the groups {{1}} to {{{groups}}}"
    return numbered + "".join(f", {{{name}}} is {{{number}}}" for name, number in names.items())
