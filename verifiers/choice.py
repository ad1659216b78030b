"""`choice`: the letter that an answer chooses, in tests with several options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rewardlang.answers.chosen import letters_chosen
from rewardlang.answers.chosen_options import options_chosen
from rewardlang.verdict import Finding
from rewardlang.verifier import finder


@finder("choice", cost="linear", version="2")
def choice(texts: Sequence[str], *, letters: str = "ABCDE", options: tuple[str, ...] = ()) -> list[list[Finding[str]]]:
    r"""The letters that a text chooses, in a test with several options.

    What it checks
    --------------
    A letter by itself, in whatever brackets and marks, that the text chooses: said to be the answer (`the answer is B`, `B is correct`,
    `\boxed{B}`, `Answer: B`, `so B.`), first in the text (`B`, `(B) 42`, `B.`), behind "option", alone on a line, or in round brackets.
    What is said counts before the rest, which counts in this order: `(A) gives 12, so the answer is C` chooses C. "not A" and "A is too
    small" choose nothing. Letters joined by "or", "and", a comma or a stroke are chosen together. With `options`, the list of the row's
    options in order, their texts count as well, without regard to case, where a letter could be said or stands behind it: `Rome`, `The
    answer is Rome`; `B) Paris` chooses two letters if Paris is not B. Each letter is found once. Only capital letters, `A` to `E` if
    `letters` says nothing else. The value is the letter.

    Why it earns reward
    -------------------
    Half of all tests have options; models answer with the letter, the text, or both, in a dozen ways.

    Example
    -------
    `rule right: award 1 point when only choice in only <answer> in completion equals key`

    Known gaps
    ----------
    A model can choose several letters: `only` makes that missing, `last` pays for the last. English only: in another language a letter is
    found when it comes first, in a box or in brackets. Small letters are not read. A letter that begins a sentence before a point (`A.
    Smith wrote it`), and the last one of "none of A to E", are taken for choices. What a later sentence takes back ("the answer is B.
    That was wrong.") stays chosen. Options by their text must be written as in the list: not `$6$ cm` for `6`. Ask for a tag, and look
    inside it.
    """
    return [list(_choices(text, letters, options)) if letters else [] for text in texts]


def _choices(text: str, letters: str, options: tuple[str, ...]) -> Iterator[Finding[str]]:
    found = {place.letter: Finding(place.start, place.start + 1, place.letter) for place in letters_chosen(text, letters)}
    for start, end, index in options_chosen(text, options[: len(letters)], [finding.end for finding in found.values()]):
        found.setdefault(letters[index], Finding(start, end, letters[index]))
    yield from sorted(found.values(), key=lambda finding: finding.start)
