"""`written_in` and `english`: which language a text is written in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from rewardlang.libraries import not_installed
from rewardlang.prose import word_matches
from rewardlang.verdict import Verdict, cannot_judge, no, yes
from rewardlang.verifier import predicate

MIN_LETTERS = 20
_LIKELY, _UNLIKELY = 0.5, 0.02


@predicate("written_in", cost="linear", version="1", limits={"least letters": MIN_LETTERS})
def written_in(texts: Sequence[str], *, language: str = "en") -> list[Verdict]:
    """Whether a text as a whole is written in a language.

    What it checks
    --------------
    `language` is a code of ISO 639-1 (`en`, `fr`, `zh`, …; 130 languages). py3langid identifies the language by its frequent groups of
    letters (`pip install 'rewardlang[text]'`; nothing is fetched): yes for the likeliest language of at least 50 %, no below 2 %.
    Between them, and for texts of fewer than 20 letters (6 where words are not separated), it cannot judge.
    Tags, figures and formulas in dollar signs are left out.
    `x is "english"` is the same with `en`.

    Why it earns reward
    -------------------
    Policies that are trained on answers alone answer in a language that nobody asked for.

    Example
    -------
    `rule english: deduct 0.5 points when not completion is "english"`

    Known gaps
    ----------
    One language is found for the whole text: a foreign paragraph in a long one is not noticed (`script_share` sees foreign scripts; a
    loop over paragraphs sees more). Close languages (Bosnian, Croatian, Serbian; Danish, Norwegian) are confused. Names, code and
    capitals mislead it. A model can write words of the right language without sense.
    """
    return [_verdict(text, language.lower()) for text in texts]


@predicate("english", cost="linear", version="1", limits={"least letters": MIN_LETTERS})
def english(texts: Sequence[str]) -> list[Verdict]:
    """Whether a text as a whole is written in English."""
    return [_verdict(text, "en") for text in texts]


@cache
def _identifier() -> Any:
    """The identifier with its model, or None where the library is not installed."""
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError:
        return None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _verdict(text: str, language: str) -> Verdict:
    identifier = _identifier()
    if identifier is None:
        return cannot_judge(not_installed("py3langid", "text"))
    if language not in identifier.labels:
        return cannot_judge(f"no language is known by the code '{language}'")
    words = [match[1] for match in word_matches(_without_formulas(text)) if match.lastindex and not match[1].isdigit()]
    letters = sum(len(word) for word in words)
    if letters < (6 if words and letters == len(words) else MIN_LETTERS):
        return cannot_judge(f"{letters} letters are too few")
    separator = "" if letters == len(words) else " "
    ranked = identifier.rank(separator.join(words).encode("utf-8", "replace").decode("utf-8"))
    found, share = ranked[0]
    if found == language and share >= _LIKELY:
        return yes()
    if dict(ranked)[language] < _UNLIKELY:
        return no(f"it is likely '{found}'")
    return cannot_judge(f"perhaps '{found}', not surely")


def _without_formulas(text: str) -> str:
    """Every second part between dollar signs is left out; where their number is odd, nothing."""
    parts = text.split("$")
    return " ".join(parts[::2]) if len(parts) % 2 else text
