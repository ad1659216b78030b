r"""`final_answer`: the answer that a whole completion gives."""

from __future__ import annotations

from collections.abc import Sequence

from rewardlang.verdict import Finding
from rewardlang.verifier import finder


@finder("final_answer", cost="linear", version="5")
def final_answer(texts: Sequence[str]) -> list[list[Finding[str]]]:
    r"""The final answer of a whole completion: one, or none.

    What it checks
    --------------
    Looks behind the last `</think>` (nothing is found while thinking is not closed), in this order: the last group of boxes, the last
    `<answer>`, what is announced ("the answer is 42", "Final answer: 42", `#### 42`), an option that is chosen ("I choose C"),
    the whole text if it is nothing but an answer, a judgement in a word or two ("Yes, because …", "… the function is even."), the last
    mathematics between `$…$` or `\(…\)`, the last number. The note says which step found it. Boxes that are joined by a
    comma, "and", "or" or labels are one answer with several parts, and so are two announcements in one sentence. After "wait", "no,",
    "oops" and the like a new answer begins; so it does where a later sentence says what the answer should be instead. What is denied
    ("it can't be 4") is none.

    Why it earns reward
    -------------------
    Models that have not learnt a format yet end their answers in many ways. A reward that reads one way only pays the format, not
    the answer.

    Example
    -------
    `let value = only final_answer in completion as math`

    Known gaps
    ----------
    English only, but for the last two steps. A model can hedge; "41 or 42", `\boxed{41}. Or maybe \boxed{42}` and "42 (or 41)" are
    found as one list, which is not 42; "between 8 and 9, leaning to 8" is 8. Answers of different steps are not held against each
    other: a box wins over an `<answer>`. A box that is not closed hides the boxes before it. Phrases and numbers are looked for in
    the last 12,000 characters. A later sentence that begins with "actually" and speaks of another number can be taken for a
    correction. A price, a time of day and a number with its unit stay whole; numbers in words are found where they are announced, or
    where the last sentence has one alone. In a last sentence with several numbers, those in other clauses, in brackets, with a
    preposition before them or rejected behind them do not count (`$240 for the 12 tickets`, `7 boxes since 6 would hold 60`,
    `n = -3 is rejected`); of what is left that counts which is told by "is" or "=", or was just computed. What stays open is found
    as a list, which pays none ("He can buy 3 toys and will have $2 left"); a plain sentence that was not foreseen can still lead to
    the wrong one of its numbers. Not found: units of one letter in plain text (`1.2 A`), words that follow from a number ("the 50th
    letter is B"), a value below an equation (`x + y = 15, where x = 9`), the last of two sentences joined by "and" (`…, and 12
    workers need 4 days`). Where the format is taught, `only boxed` or `only <answer>` is stricter.
    """
    from rewardlang.answers.final import final_answer as find

    found = [find(text) for text in texts]
    return [[] if final is None else [Finding(final.start, final.end, final.answer, final.step)] for final in found]
