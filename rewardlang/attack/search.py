"""The search: mutations of real completions, the best changed again, until nothing new is paid or the tries are used up.

Deterministic by seed, as long as the time limit does not end it. Two beams are
kept: wrong texts that are paid most, which are what is looked for, and right
ones, since many attacks are right answers that one change makes wrong and no
cheaper. A beam holds few texts that earn by the same rules, so that plateaus
are crossed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from rewardlang.attack.mutation import Material, Mutation
from rewardlang.attack.target import Marked, Target

_WRONG_BEAM, _RIGHT_BEAM = 24, 12
_SAME_RULES = 3
_LONGEST = 20_000
_BATCH = 256
_RANDOM_CHAINS = 60
_IDLE_ROUNDS = 2
_MARGIN = 1e-9


class Candidate(NamedTuple):
    """A text on a row, the mutations that led to it, its marks. `wrong` says that it counts as an attack."""

    task: int
    text: str
    chain: tuple[str, ...]
    marked: Marked
    wrong: bool

    @property
    def score(self) -> float:
        """Skipped rows are never candidates, so there is a score."""
        assert self.marked.score is not None
        return self.marked.score


class Seed(NamedTuple):
    """A text to be marked on a row, and the mutations that led to it."""

    task: int
    text: str
    chain: tuple[str, ...]


class Limits(NamedTuple):
    """When the search ends: so many texts marked, or so many seconds."""

    tries: int
    seconds: float


Progress = Callable[[int, float | None], None]


class Search:
    """One search. `is_wrong` decides what counts; `material` has one entry a task; `mutations` are those that may be tried."""

    def __init__(
        self,
        target: Target,
        material: Sequence[Material],
        mutations: Sequence[Mutation],
        is_wrong: Callable[[Seed, Marked], bool],
        limits: Limits,
        seed: int,
        progress: Progress,
    ) -> None:
        self._target, self._material, self._mutations, self._is_wrong = target, material, mutations, is_wrong
        self._limits, self._random, self._progress = limits, Random(seed), progress
        self._seen: set[tuple[int, str]] = set()
        self._deadline = time.monotonic() + limits.seconds
        self.tries = 0
        self.out_of_time = False
        self.rounds = 0
        self.by_rules: dict[tuple[str, ...], Candidate] = {}
        """The best wrong text for each set of rules that pay."""
        self.by_rule: dict[str, Candidate] = {}
        """The wrong text to which each rule gave most."""

    def run(self, seeds: Sequence[Seed]) -> None:
        """Fills `by_rules` and `by_rule`."""
        found = self._marked(seeds)
        wrong, right = self._beams([*found])
        idle = 0
        while idle < _IDLE_ROUNDS and not self._over():
            self.rounds += 1
            before = self.best
            found = self._marked(self._changed([*wrong, *right], seeds))
            wrong, right = self._beams([*wrong, *right, *found])
            better = self.best is not None and (before is None or self.best.score > before.score + _MARGIN)
            idle = 0 if better else idle + 1

    @property
    def best(self) -> Candidate | None:
        """The wrong text with the highest score."""
        return max(self.by_rules.values(), key=lambda candidate: candidate.score, default=None)

    def ranked(self) -> list[Candidate]:
        """The best of each set of rules, highest score first; of equals the shorter chain and text."""
        return sorted(
            self.by_rules.values(), key=lambda candidate: (-candidate.score, len(candidate.chain), len(candidate.text), candidate.text)
        )

    def mark_one(self, seed: Seed) -> Candidate | None:
        """A single text, counted and not kept."""
        self.tries += 1
        (marked,) = self._target.mark([(seed.task, seed.text)])
        return None if marked.score is None else Candidate(seed.task, seed.text, seed.chain, marked, self._is_wrong(seed, marked))

    def _over(self) -> bool:
        if time.monotonic() > self._deadline:
            self.out_of_time = True
        return self.out_of_time or self.tries >= self._limits.tries

    def _changed(self, beam: Sequence[Candidate], seeds: Sequence[Seed]) -> Iterator[Seed]:
        """Every mutation of every text in the beams, and some chains of two or three from anywhere, in one shuffled row."""
        starts = [Seed(item.task, item.text, item.chain) for item in beam]
        changed = [new for start in starts for mutation in self._mutations for new in self._apply(start, mutation)]
        for _ in range(_RANDOM_CHAINS):
            here = self._random.choice([*starts, *seeds])
            for _ in range(self._random.randint(2, 3)):
                options = list(self._apply(here, self._random.choice(self._mutations)))
                here = self._random.choice(options) if options else here
            changed.append(here)
        self._random.shuffle(changed)
        return iter(changed)

    def _apply(self, start: Seed, mutation: Mutation) -> Iterator[Seed]:
        for text in mutation.apply(start.text, self._material[start.task], self._random):
            if text != start.text and len(text) <= _LONGEST:
                yield Seed(start.task, text, (*start.chain, mutation.name))

    def _marked(self, seeds: Sequence[Seed] | Iterator[Seed]) -> list[Candidate]:
        """What is new of the texts, marked in batches until the limits end it."""
        found: list[Candidate] = []
        batch: list[Seed] = []
        for seed in seeds:
            if (seed.task, seed.text) in self._seen:
                continue
            self._seen.add((seed.task, seed.text))
            batch.append(seed)
            if len(batch) >= min(_BATCH, max(1, self._limits.tries - self.tries)):
                found += self._batch(batch)
                batch = []
                if self._over():
                    return found
        return found + self._batch(batch)

    def _batch(self, seeds: Sequence[Seed]) -> list[Candidate]:
        if not seeds:
            return []
        self.tries += len(seeds)
        marks = self._target.mark([(seed.task, seed.text) for seed in seeds])
        found = [
            Candidate(seed.task, seed.text, seed.chain, marked, self._is_wrong(seed, marked))
            for seed, marked in zip(seeds, marks, strict=True)
            if marked.score is not None
        ]
        for candidate in found:
            if candidate.wrong:
                self._keep(candidate)
        best = self.best
        self._progress(self.tries, None if best is None else best.score)
        return found

    def _keep(self, candidate: Candidate) -> None:
        paying = self.paying(candidate)
        best = self.by_rules.get(paying)
        if best is None or _order(candidate) < _order(best):
            self.by_rules[paying] = candidate
        for name, points in zip(self._target.rules, candidate.marked.points, strict=True):
            kept = self.by_rule.get(name)
            index = self._target.rules.index(name)
            if points > 0 and (kept is None or points > kept.marked.points[index] + _MARGIN):
                self.by_rule[name] = candidate

    def paying(self, candidate: Candidate) -> tuple[str, ...]:
        """The rules that give points to a text."""
        return tuple(name for name, points in zip(self._target.rules, candidate.marked.points, strict=True) if points > _MARGIN)

    def _beams(self, found: Sequence[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
        ordered = sorted(found, key=_order)
        return self._few_alike(ordered, _WRONG_BEAM, wrong=True), self._few_alike(ordered, _RIGHT_BEAM, wrong=False)

    def _few_alike(self, ordered: Sequence[Candidate], most: int, *, wrong: bool) -> list[Candidate]:
        """The first ones, at most three that earn the same points by the same rules."""
        alike: dict[tuple[float, ...], int] = {}
        kept = []
        for candidate in ordered:
            if candidate.wrong is wrong and alike.get(candidate.marked.points, 0) < _SAME_RULES:
                alike[candidate.marked.points] = alike.get(candidate.marked.points, 0) + 1
                kept.append(candidate)
                if len(kept) == most:
                    break
        return kept


def _order(candidate: Candidate) -> tuple[float, int, int, int, str]:
    return (-candidate.score, len(candidate.chain), len(candidate.text), candidate.task, candidate.text)
