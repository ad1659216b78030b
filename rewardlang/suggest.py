"""Which known word a mistyped one may mean."""

from __future__ import annotations

from collections.abc import Iterable

_SHORTEST = 4  # shorter words are too often a slip away from another that was not meant


def nearest(word: str, known: Iterable[str], *, limit: int = 3) -> tuple[str, ...]:
    """The known words within a few slips of `word`, nearest first: one slip for short words, a third of the letters for long ones.

    A slip is a letter too many, too few, wrong, or two neighbours swapped
    (optimal string alignment). Case counts as half a slip at most, so `Answer` finds `answer`.
    """
    allowed = max(1, len(word) // 3)
    scored = []
    for candidate in dict.fromkeys(known):
        if candidate == word or abs(len(candidate) - len(word)) > allowed:
            continue
        slips = _slips(word.casefold(), candidate.casefold())
        if slips <= allowed and slips < len(candidate):
            scored.append((slips, candidate))
    return tuple(candidate for _, candidate in sorted(scored))[:limit]


class Suggestion(str):
    """A help line, with the word that it is about and the known ones that may be meant."""

    __slots__ = ("candidates", "word")
    word: str
    candidates: tuple[str, ...]

    @property
    def only(self) -> str | None:
        """The one candidate, where there is no other."""
        return self.candidates[0] if len(self.candidates) == 1 else None

    @property
    def is_plain(self) -> bool:
        """Whether the word, not a short one, is a single slip away from the one candidate."""
        return self.only is not None and len(self.word) >= _SHORTEST and _slips(self.word.casefold(), self.only.casefold()) <= 1


def did_you_mean(word: str, known: Iterable[str]) -> Suggestion | None:
    """A ready help line, `did you mean 'require'?`, or None when nothing is near."""
    found = nearest(word, known)
    if not found:
        return None
    quoted = [f"'{candidate}'" for candidate in found]
    told = Suggestion("did you mean " + (quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}") + "?")
    told.word, told.candidates = word, found
    return told


def _slips(first: str, second: str) -> int:
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        previous, row = row, [i]
        for j, b in enumerate(second, 1):
            slips = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                slips = min(slips, before[j - 2] + 1)
            row.append(slips)
        before = previous
    return row[-1]
