"""`valid_regex`: whether a text is a regular expression that runs in linear time."""

from __future__ import annotations

from collections.abc import Sequence

from rewardlang.verdict import Verdict, cannot_judge, no, yes
from rewardlang.verifier import predicate

MAX_CHARACTERS = 1_000
MAX_WORK = 1_000_000


@predicate("valid_regex", cost="linear", version="2", limits={"characters": MAX_CHARACTERS, "characters times texts": MAX_WORK})
def valid_regex(texts: Sequence[str], *, accepted: tuple[str, ...] = (), refused: tuple[str, ...] = ()) -> list[Verdict]:
    """Whether the whole text is a regular expression, and matches what it should.

    What it checks
    --------------
    The syntax of RE2, as in the patterns of this language: no look-around and no back-references, so that it runs in linear time.
    With `accepted` and `refused`, lists of texts, it must match every text of the first as a whole and none of the second.

    Why it earns reward
    -------------------
    A pattern is right when it accepts what it should and nothing else; a pattern that can hang a server is worse than none.

    Example
    -------
    `rule right: award 1 point when only <answer> in completion is valid_regex(accepted = good, refused = bad)`

    Known gaps
    ----------
    `.*` is a pattern: give texts to reject. A pattern can list the texts that the prompt shows: keep others back. Patterns of other
    dialects (look-around, named groups in Perl's way) are refused, whether they are right or not.
    """
    return [_verdict(text, accepted, refused) for text in texts]


def _verdict(text: str, accepted: tuple[str, ...], refused: tuple[str, ...]) -> Verdict:
    from rewardlang.patterns.parse import PatternError
    from rewardlang.patterns.pattern import compile_pattern

    if len(text) > MAX_CHARACTERS:
        return cannot_judge(f"more than {MAX_CHARACTERS:,} characters")
    if not text:
        return no("empty")
    if len(text) * sum(map(len, accepted + refused)) > MAX_WORK:
        return cannot_judge("the pattern and the texts to try are too long together")
    try:
        compile_pattern(text, "")
        whole = compile_pattern(rf"\A(?:{text})\z", "")
    except PatternError as error:
        return no(error.message)
    for wanted, examples in ((True, accepted), (False, refused)):
        for example in examples:
            if (whole.search(example) is not None) != wanted:
                return no(f"it {'does not match' if wanted else 'matches'} '{example[:60]}'")
    return yes()
