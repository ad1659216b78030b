"""`invented_authority`: whether a citation names what a complete list of authorities does not have."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rewardlang.verdict import Verdict, no, yes
from rewardlang.verifier import predicate


@predicate("invented_authority", cost="linear", version="2")
def invented_authority(texts: Sequence[str], *, among: tuple[str, ...] = (), complete_for: tuple[str, ...] = ()) -> list[Verdict]:
    """Whether a citation names an authority that does not exist, as far as a complete list can tell.

    What it checks
    --------------
    `among` are authorities in the spelling of `citation`; `complete_for` says which parts of the law the list names completely: `28 USC`
    or `28 USC 1330-1369`, and how old the list is: `42 USC 1981-1996 as of 1999`, which the reason repeats. It holds for a citation
    inside such a part that the list lacks, and for numbers that nothing has, with no list at all: a volume behind the last one of its
    reporter (`1200 F3d 5`: the series ended with 999), title 60 of the Code, the Twenty-Eighth Amendment. Outside of what the list covers
    it does not hold, and the reason says that nothing can be said.

    Why it earns reward
    -------------------
    Calling a real authority invented teaches a model not to cite. So nothing is called invented that the list cannot know.

    Example
    -------
    `rule invented: deduct 1 point for each distinct citation in memo
    where citation is invented_authority(among = statutes, complete_for = covered), up to 4`

    Known gaps
    ----------
    An invented authority outside the covered parts costs nothing, so a model can move there: pay only for what `is in` a list, and never
    for what `is not "invented authority"`. A case that was made up within the volumes of its reporter is not noticed: there is no
    complete list of cases. A real section that was repealed counts as the list has it, and one younger than the list as invented. A line
    of `complete_for` that cannot be read stops the run. For the findings of a pattern of the file, and whole titles, a list that is
    `complete for` them does the same.
    """
    return [_verdict(text, among, complete_for) for text in texts]


def _verdict(authority: str, among: tuple[str, ...], complete_for: tuple[str, ...]) -> Verdict:
    from rewardlang.answers.authorities import coverage, is_covered, why_it_cannot_exist

    authority = authority.strip()
    parts = [coverage(line) for line in complete_for]
    if authority in _members(among):
        return no("the list has it")
    reason = why_it_cannot_exist(authority)
    if reason is not None:
        return yes(reason)
    for line, part in zip(complete_for, parts, strict=True):
        if is_covered(authority, part):
            return yes(f"the list is complete for {line.strip()[:60]}, and lacks it")
    return no("cannot be judged: the list does not cover this part")


@lru_cache(maxsize=20)
def _members(among: tuple[str, ...]) -> frozenset[str]:
    return frozenset(among)
