"""Finds a pattern in a text in linear time, whatever the pattern: Thompson's simulation with Pike's order of threads.

All ways through the pattern are followed at once, best first, so each character
is looked at once for each instruction of the program. Which threads go on at a
character depends on the threads and on the kind of the character only; that
step is remembered, and costs one look-up the next time. Threads carry where
they began, and nothing else: a match is its start and end. Where its groups
stand is found by a second pass, over the match alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from rewardlang.patterns.tree import LAST, Assert, Chars, Either, Group, Place, Ranges, Repeat, Sequence_, Tree, nullable

MAX_INSTRUCTIONS = 5_000
MAX_PARTS = 50_000
MAX_REMEMBERED = 2_000
MAX_TIMES = 4
"""How many times a text is looked at for all its matches before it is read backwards."""

_WORD = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_EDGE = -1
"""The kind of what is before the first and after the last character."""


class TooLargeError(ValueError):
    """The pattern needs more than MAX_INSTRUCTIONS instructions, or more than MAX_PARTS parts when repetitions are written out."""


class Machine:
    """A compiled pattern. `find` is the leftmost match, and among those the one that a backtracking engine would find first."""

    def __init__(self, tree: Tree, first: re.Pattern[str] | None = None) -> None:
        """`first` finds the characters that a match can begin with, where a match is never empty; it is only there for speed."""
        self._first = first
        self._bounds = _bounds(tree)
        self._word_kinds = self._kinds(_WORD)
        self._line_break = self._kind(10)
        # An instruction is its index: in `_sets` a character and then `_next`, in `_places` a place and then `_next`,
        # in `_other` a choice between `_next` and the other, in `_marks` a group's bracket (2n opens, 2n + 1 closes) and then
        # `_next`; the one that is in none is the match.
        self._next: list[int] = []
        self._sets: dict[int, frozenset[int]] = {}
        self._places: dict[int, Place] = {}
        self._other: dict[int, int] = {}
        self._marks: dict[int, int] = {}
        self._parts = 0
        self._match = self._add(0)
        self._start = self._compile(tree, self._match)
        self._kind_of: dict[str, int] = {}
        self._steps: dict[tuple[tuple[int, ...], int, int], tuple[tuple[int, ...], tuple[int, ...], int]] = {}

    def _kind(self, code: int) -> int:
        return bisect_right(self._bounds, code) - 1

    def _kinds(self, ranges: Ranges) -> frozenset[int]:
        return frozenset(kind for low, high in ranges for kind in range(self._kind(low), self._kind(high) + 1))

    def _add(self, after: int) -> int:
        if len(self._next) >= MAX_INSTRUCTIONS:
            raise TooLargeError
        self._next.append(after)
        return len(self._next) - 1

    def _choice(self, one: int, other: int, one_first: bool = True) -> int:
        at = self._add(one if one_first else other)
        self._other[at] = other if one_first else one
        return at

    def _compile(self, tree: Tree, after: int) -> int:
        """Adds the instructions of a tree that go on to `after`; gives the first."""
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise TooLargeError
        match tree:
            case Chars(ranges):
                at = self._add(after)
                self._sets[at] = self._kinds(ranges)
                return at
            case Assert(place):
                at = self._add(after)
                self._places[at] = place
                return at
            case Sequence_(items):
                for item in reversed(items):
                    after = self._compile(item, after)
                return after
            case Either(items):
                entry = self._compile(items[-1], after)
                for item in reversed(items[:-1]):
                    entry = self._choice(self._compile(item, after), entry)
                return entry
            case Repeat():
                return self._compile_repeat(tree, after)
            case Group(item, number):
                closing = self._add(after)
                self._marks[closing] = 2 * number + 1
                opening = self._add(self._compile(item, closing))
                self._marks[opening] = 2 * number
                return opening

    def _compile_repeat(self, tree: Repeat, after: int) -> int:
        entry, copies = after, tree.low
        if tree.high is None:
            decide = self._choice(after, after)
            body = self._compile(tree.item, decide)
            self._next[decide], self._other[decide] = (body, after) if tree.greedy else (after, body)
            if tree.low == 0:
                # A loop whose body can be empty tries the body first, as RE2's does: x* is (x+)?.
                return self._choice(body, after, tree.greedy) if nullable(tree.item) else decide
            entry, copies = body, tree.low - 1
        else:
            for _ in range(tree.high - tree.low):
                entry = self._choice(self._compile(tree.item, entry), after, tree.greedy)
        for _ in range(copies):
            entry = self._compile(tree.item, entry)
        return entry

    def _holds(self, place: Place, before: int, here: int) -> bool:
        match place:
            case "text start":
                return before == _EDGE
            case "text end":
                return here == _EDGE
            case "line start":
                return before in (_EDGE, self._line_break)
            case "line end":
                return here in (_EDGE, self._line_break)
        edge = (before in self._word_kinds) != (here in self._word_kinds)
        return edge if place == "word edge" else not edge

    def _step(self, threads: tuple[int, ...], before: int, here: int) -> tuple[tuple[int, ...], tuple[int, ...], int]:
        """Over one character: the threads that go on, from which thread each came, and which thread matched before it (or -1)."""
        seen: set[int] = set()
        ahead: set[int] = set()
        threads_after: list[int] = []
        origins: list[int] = []
        for origin, thread in enumerate(threads):
            stack = [thread]
            while stack:
                at = stack.pop()
                if at in seen:
                    continue
                seen.add(at)
                if at == self._match:
                    return tuple(threads_after), tuple(origins), origin
                after = self._next[at]
                if at in self._other:
                    stack += [self._other[at], after]
                elif at in self._marks:
                    stack.append(after)
                elif at in self._places:
                    if self._holds(self._places[at], before, here):
                        stack.append(after)
                elif here in self._sets[at] and after not in ahead:
                    ahead.add(after)
                    threads_after.append(after)
                    origins.append(origin)
        return tuple(threads_after), tuple(origins), -1

    def find(self, text: str, position: int) -> tuple[int, int] | None:
        """The leftmost match that begins at `position` or later."""
        return self._found(text, position)[0]

    def _found(self, text: str, position: int) -> tuple[tuple[int, int] | None, int]:
        """The leftmost match, and where looking for it ended, which may be far behind it."""
        steps, kind_of = self._steps, self._kind_of
        threads: tuple[int, ...] = ()
        starts: list[int] = []
        found: tuple[int, int] | None = None
        before = self._kind(ord(text[position - 1])) if position else _EDGE
        at = position - 1
        while (at := at + 1) <= len(text):
            if self._first and not threads:
                candidate = self._first.search(text, at)
                if candidate is None:
                    return None, len(text)
                if candidate.start() > at:
                    at = candidate.start()
                    before = self._kind(ord(text[at - 1]))
            if found is None:
                threads += (self._start,)
                starts.append(at)
            if at == len(text):
                here = _EDGE
            else:
                character = text[at]
                here = kind_of.get(character, -2)
                if here == -2:
                    here = kind_of[character] = self._kind(ord(character))
            key = (threads, before, here)
            step = steps.get(key)
            if step is None:
                if len(steps) >= MAX_REMEMBERED:
                    steps.clear()
                step = steps[key] = self._step(threads, before, here)
            threads, origins, matched = step
            if matched >= 0:
                found = (starts[matched], at)
            if not threads and found is not None:
                return found, at
            starts = [starts[origin] for origin in origins]
            before = here
        return found, len(text)

    def find_all(self, text: str) -> Iterator[tuple[int, int]]:
        """The matches from left to right, without overlaps; none is empty right behind the one before, as in RE2.

        `a.*b|a` looks at all the rest of a text for each of its matches. Once a text has been looked at a few times over,
        what is left of it is read backwards first, and then each match costs its own length.
        """
        position, last_end = 0, -1
        left = MAX_TIMES * len(text) + MAX_TIMES
        backwards: Backwards | None = None
        while position <= len(text):
            if backwards is None and left < 0:
                backwards = Backwards(self, text, position)
            if backwards is not None:
                found = backwards.find(position)
            else:
                found, end = self._found(text, position)
                left -= end - position
            if found is None:
                return
            if found[0] < found[1] or found[1] != last_end:
                yield found
                last_end = found[1]
            position = found[1] + (found[0] == found[1])

    def groups(self, text: str, start: int, end: int) -> dict[int, int]:
        """Where the groups of a match [start, end) that `find` gave open (2n) and close (2n + 1); of a group in a loop, its last turn.

        Of all ways through the pattern that end there, the first in the order of threads is the match; so it is enough to
        go from the start to the end, each character once, and to take the first thread that is through.
        """
        threads: list[tuple[int, dict[int, int]]] = [(self._start, {})]
        for at in range(start, end + 1):
            before = self._kind(ord(text[at - 1])) if at else _EDGE
            here = self._kind(ord(text[at])) if at < len(text) else _EDGE
            ahead: dict[int, dict[int, int]] = {}
            seen: set[int] = set()
            stack = threads[::-1]
            while stack:
                instruction, marks = stack.pop()
                if instruction in seen:
                    continue
                seen.add(instruction)
                after = self._next[instruction]
                if instruction == self._match:
                    if at == end:
                        return marks
                elif instruction in self._other:
                    stack += [(self._other[instruction], marks), (after, marks)]
                elif instruction in self._marks:
                    stack.append((after, {**marks, self._marks[instruction]: at}))
                elif instruction in self._places:
                    if self._holds(self._places[instruction], before, here):
                        stack.append((after, marks))
                elif here in self._sets[instruction]:
                    ahead.setdefault(after, marks)
            threads = list(ahead.items())
        raise AssertionError("no match ends there")


class Backwards:
    """The rest of a text, read from its end: from which instruction the match can still be reached at each place.

    With that known, the first way that leads on, in the order of threads, is the way of the match, and no other is followed.
    """

    def __init__(self, machine: Machine, text: str, position: int) -> None:
        self._machine, self._text, self._begin = machine, text, position
        self._before: dict[int, list[int]] = {}  # what goes on to an instruction without a character
        for at, after in enumerate(machine._next):
            if at not in machine._sets and at != machine._match:
                for other in {after, machine._other.get(at, after)}:
                    self._before.setdefault(other, []).append(at)
        known: dict[tuple[frozenset[int], int, int], frozenset[int]] = {}
        kinds = [_EDGE if position == 0 else machine._kind(ord(text[position - 1]))]
        kinds += [machine._kind(ord(character)) for character in text[position:]]
        alive: frozenset[int] = frozenset()
        here = _EDGE
        self._alive: list[frozenset[int]] = []
        for before in reversed(kinds):
            key = (alive, before, here)
            if key not in known:
                if len(known) >= MAX_REMEMBERED:
                    known.clear()
                known[key] = self._alive_before(*key)
            alive, here = known[key], before
            self._alive.append(alive)
        self._alive.reverse()
        self._kinds = [*kinds, _EDGE]

    def _alive_before(self, after: frozenset[int], before: int, here: int) -> frozenset[int]:
        """The instructions from which a match can be reached at a place between two kinds of characters, given those one further on."""
        machine = self._machine
        waiting = [machine._match, *(at for at, kinds in machine._sets.items() if here in kinds and machine._next[at] in after)]
        alive: set[int] = set()
        while waiting:
            at = waiting.pop()
            if at not in alive and (at not in machine._places or machine._holds(machine._places[at], before, here)):
                alive.add(at)
                waiting += self._before.get(at, ())
        return frozenset(alive)

    def find(self, position: int) -> tuple[int, int] | None:
        """The leftmost match that begins at `position` or later."""
        machine, begin = self._machine, self._begin
        for start in range(position, len(self._text) + 1):
            if machine._start in self._alive[start - begin]:
                thread: int | None = machine._start
                end = start - 1
                while thread is not None:
                    end += 1
                    thread = self._onwards(thread, end - begin)
                return start, end
        return None

    def _onwards(self, thread: int, place: int) -> int | None:
        """Where the first thread that leads to a match goes over the next character; None when it is the match."""
        machine, alive, here = self._machine, self._alive[place], self._kinds[place + 1]
        stack, seen = [thread], set[int]()
        while stack:
            at = stack.pop()
            if at in seen or at not in alive:
                continue
            seen.add(at)
            if at == machine._match:
                return None
            if at in machine._sets:
                assert here in machine._sets[at], "it is alive"
                return machine._next[at]
            if at in machine._other:
                stack.append(machine._other[at])
            stack.append(machine._next[at])
        raise AssertionError("a thread that is alive leads on")


def _bounds(tree: Tree) -> list[int]:
    """Where kinds of characters begin: characters of one kind are treated alike by every set of the pattern."""
    bounds = {0, 10, 11}
    stack: list[Tree] = [tree, Chars(_WORD)]
    while stack:
        match stack.pop():
            case Chars(ranges):
                bounds.update(edge for low, high in ranges for edge in (low, high + 1) if edge <= LAST)
            case Sequence_(items) | Either(items):
                stack.extend(items)
            case Repeat(item, _, _, _) | Group(item, _):
                stack.append(item)
    return sorted(bounds)
