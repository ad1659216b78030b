"""Verifiers are called here, and what they raise ends here.

A verifier that raises has a bug. The row is marked as if the verdict were
unknown, with the exception's name on it; when it happens too often the run
stops (`VerifierBreakdown`), because a reward that is broken must not go on
training a policy.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

from rewardlang.attempt import Raised, attempt
from rewardlang.marks import Failure
from rewardlang.verifier import Verifier

_MIN_BREAKS = 20
_WINDOW = 2000
_MAX_SHARE = 0.01
REMEMBERED = ("dictionary", "symbolic", "external")
"""Classes of cost of which no argument is asked twice in a batch, nor when a row of it is explained."""


class VerifierBreakdown(RuntimeError):
    """A verifier broke too often to go on; names the verifier and what it raised last."""


class Broke:
    """What stands for the result of a verifier that raised."""

    __slots__ = ("error", "reason")
    __match_args__ = ("reason",)

    def __init__(self, word: str, error: str) -> None:
        self.error = error
        self.reason = f"'{word}' broke ({error})"


class Asked:
    """Which distinct arguments were put to each verifier in one batch, and which of them broke it."""

    def __init__(self) -> None:
        self._asked: dict[str, set[Any]] = {}
        self._broke: dict[str, set[Any]] = {}
        self._error: dict[str, str] = {}

    def note(self, verifier: Verifier, arguments: tuple[Any, ...], options: tuple[tuple[str, Any], ...], result: Any) -> None:
        """Takes note of a result."""
        self.note_all(verifier, [arguments], options, [result])

    def note_all(
        self, verifier: Verifier, rows: Sequence[tuple[Any, ...]], options: tuple[tuple[str, Any], ...], results: Sequence[Any]
    ) -> None:
        """Takes note of the results of many rows; of an argument that was asked again the last one counts."""
        asked = list(zip(rows, repeat(options)))
        self._asked.setdefault(verifier.word, set()).update(asked)
        broke = self._broke.setdefault(verifier.word, set())
        broke.difference_update(asked)
        if Broke in set(map(type, results)):
            for what, result in zip(asked, results, strict=True):
                if isinstance(result, Broke):
                    broke.add(what)
                    self._error[verifier.word] = result.error

    def include(self, other: Asked) -> None:
        """Takes note of what another took note of later."""
        for word, asked in other._asked.items():
            self._asked.setdefault(word, set()).update(asked)
            self._broke.setdefault(word, set()).difference_update(asked)
            self._broke[word] |= other._broke[word]
        self._error |= other._error

    def counts(self) -> Mapping[str, tuple[int, int]]:
        """Of each verifier how many arguments were put to it, and how many broke it."""
        return {word: (len(asked), len(self._broke[word])) for word, asked in self._asked.items()}

    def error(self, word: str) -> str:
        """What a verifier that broke raised last."""
        return self._error[word]


class _Recent:
    """The last batches of one verifier: how many arguments each held and how many of them broke it, and the sums of both."""

    def __init__(self) -> None:
        self._batches: deque[tuple[int, int]] = deque()
        self.asked = self.broken = 0
        self.all_broke = 0
        """How many batches in a row, up to the last, held no argument that did not break the verifier."""

    def add(self, asked: int, broken: int) -> None:
        """Adds a batch and leaves out the first ones, as long as the others hold enough."""
        self._batches.append((asked, broken))
        self.asked, self.broken = self.asked + asked, self.broken + broken
        self.all_broke = self.all_broke + 1 if broken == asked else 0
        while self.asked - self._batches[0][0] >= _WINDOW:
            old_asked, old_broken = self._batches.popleft()
            self.asked, self.broken = self.asked - old_asked, self.broken - old_broken


class Breaker:
    """Counts, over the life of a reward, which share of a verifier's distinct arguments broke it. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recent: dict[str, _Recent] = {}

    def batch_done(self, asked: Asked) -> None:
        """Takes what was asked in one batch and raises `VerifierBreakdown` when a verifier is broken.

        Broken is: at least 20 breaks and more than 1 % of the distinct arguments
        in the last batches that hold 2,000 of them; or every verdict in two
        batches in a row. The order inside a batch has no say.
        """
        with self._lock:
            for word, (count, breaks) in asked.counts().items():
                recent = self._recent.setdefault(word, _Recent())
                recent.add(count, breaks)
                if (recent.broken >= _MIN_BREAKS and recent.broken > _MAX_SHARE * recent.asked) or recent.all_broke >= 2:
                    raise VerifierBreakdown(
                        f"the verifier '{word}' broke on {recent.broken} of its last {recent.asked} inputs; "
                        f"the last error: {asked.error(word)}"
                    )


class Guard:
    """Calls verifiers for one batch: once for each distinct argument where that is worth remembering.

    `remembered` is what another guard, or the engine, was told about the same rows.
    """

    def __init__(self, remembered: Mapping[Any, Any] | None = None) -> None:
        self._memo: dict[Any, Any] = dict(remembered or {})
        self.asked = Asked()

    def call(self, verifier: Verifier, arguments: tuple[Any, ...], options: tuple[tuple[str, Any], ...]) -> Any:
        """The verifier's result for one row, or `Broke`."""
        if verifier.cost not in REMEMBERED:
            return self._call(verifier, arguments, options)
        key = (verifier.kind, verifier.word, arguments, options)
        if key not in self._memo:
            self._memo[key] = self._call(verifier, arguments, options)
        return self._memo[key]

    def _call(self, verifier: Verifier, arguments: tuple[Any, ...], options: tuple[tuple[str, Any], ...]) -> Any:
        result = called(verifier, arguments, options)
        self.asked.note(verifier, arguments, options, result)
        return result


def called(verifier: Verifier, arguments: tuple[Any, ...], options: tuple[tuple[str, Any], ...]) -> Any:
    """The verifier's result for one row, or `Broke`."""
    results = attempt(verifier, *([argument] for argument in arguments), **dict(options))
    return Broke(verifier.word, str(results)) if isinstance(results, Raised) else results[0]


def failure(verifier: Verifier, reason: str, *, broke: bool) -> Failure:
    """The record of a verdict that was not reached."""
    return Failure(verifier.word, broke, reason)
