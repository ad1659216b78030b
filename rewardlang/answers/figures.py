r"""Figures of geometry by their letters: `\overline{AB}`, `\angle ABC`, `\triangle ABC`, `segment AB`."""

from __future__ import annotations

from rewardlang.answers.kinds import Figure, Words
from rewardlang.answers.tokens import Token
from rewardlang.verdict import Verdict, cannot_judge, no, yes

MAX_LETTERS = 8
MIN_WORD = 4
"""Letters of a name from which on capitals say nothing."""
_SHAPES = {
    "\\overline": "bar", "\\overrightarrow": "arrow", "\\overleftrightarrow": "line", "\\wideparen": "arc", "\\overarc": "arc",
    "∠": "angle", "△": "triangle",
    "segment": "segment", "line": "line", "ray": "arrow", "vector": "arrow", "arc": "arc", "angle": "angle", "triangle": "triangle",
}  # fmt: skip
_EITHER_WAY = ("segment", "line", "arc", "angle")


def figure(tokens: list[Token]) -> Figure | None:
    """The figure that the tokens name; None for anything else."""
    if not 2 <= len(tokens) <= 2 * MAX_LETTERS + 4:
        return None
    words = 2 if tokens[0].text.lower() == "line" and tokens[1].text.lower() == "segment" else 1
    shape = "segment" if words == 2 else _SHAPES.get(tokens[0].text.lower(), "")
    letters = [token.text for token in tokens[words:] if token.text not in "{}"]
    named = "".join(letters)
    if not shape or not named.isalpha() or not named.isupper() or len(named) > MAX_LETTERS or any(text[0] == "\\" for text in letters):
        return None
    if len(named) < 2 and shape != "angle":
        return None
    return Figure(shape, named)


def same_figure(one: Figure, other: Figure | Words) -> Verdict:
    """Whether both name one figure; the order of the letters counts where it can."""
    if isinstance(other, Words):
        if other.text.upper() == one.letters:
            return yes("the same letters; what they name is not stated")
        return cannot_judge("a figure, and words that may be one") if _same_letters(one.letters, other.text) else no("another figure")
    shapes = {one.shape, other.shape}
    if len(shapes) == 2:
        if "bar" in shapes and "segment" in shapes:
            return same_figure(Figure("segment", one.letters), Figure("segment", other.letters))
        return (
            cannot_judge("figures of two kinds with the same letters")
            if _same_letters(one.letters, other.letters)
            else no("another figure")
        )
    if one.letters == other.letters:
        return yes("the same figure")
    if one.shape == "triangle" and _same_letters(one.letters, other.letters):
        return yes("the same triangle")
    if one.shape in _EITHER_WAY and one.letters == other.letters[::-1]:
        return yes("the same figure, named from its other end")
    if one.shape == "bar" and one.letters == other.letters[::-1]:
        return cannot_judge("the same segment, or figures of two numbers")
    if (
        one.shape == "angle"
        and 1 in (len(one.letters), len(other.letters))
        and one.letters[len(one.letters) // 2] == other.letters[len(other.letters) // 2]
    ):
        return cannot_judge("an angle by its vertex, of which there can be several")
    return no("another figure")


def _same_letters(one: str, other: str) -> bool:
    return sorted(one.upper()) == sorted(other.upper())


def named_alike(one: str, other: str) -> bool:
    r"""Whether two names are of one: `|AB|` and `\overline{BA}`, `\angle A` and `A`, `\bar z` and `\overline z`, `Area` and `area`."""
    return one == other or _name(one) == _name(other)


def _name(label: str) -> str:
    if len(label) >= MIN_WORD and label.isalpha():
        return label.casefold()
    plain = label.replace("\\overline", "\\bar")
    marked = plain.startswith(("\\", "|"))
    letters = plain.removeprefix("\\bar").strip("|") if marked else plain.removeprefix("∠")
    if not 1 + marked <= len(letters) <= 3 or not letters.isascii() or not letters.isupper():
        return plain
    angle = "∠" if len(letters) == 3 else ""
    return angle + min(letters, letters[::-1])
