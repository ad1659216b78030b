"""Reporters of the United States: how a volume of decisions, laws or notices is cited, and its one spelling.

The one spelling has no points: `US`, `F3d`, `Cal App 4th`. Letters that stand alone are joined (`N.Y.` is `NY`).
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

# Points and spaces may be missing in these: courts of the United States and the regional series.
_LOOSE = (
    "U.S.; S. Ct.; L. Ed. 2d; L. Ed.; F.4th; F.3d; F.2d; F. App'x; F. Supp. 3d; F. Supp. 2d; F. Supp.; F.R.D.; B.R.; Fed. Cl.; F.; "
    "A.3d; A.2d; A.; N.E.3d; N.E.2d; N.E.; N.W.3d; N.W.2d; N.W.; P.3d; P.2d; P.; S.E.2d; S.E.; S.W.3d; S.W.2d; S.W.; So. 3d; So. 2d; So.; "
    "Cal. Rptr. 3d; Cal. Rptr. 2d; Cal. Rptr.; N.Y.S.3d; N.Y.S.2d; N.Y.3d; N.Y.2d; A.D.3d; A.D.2d; I. & N. Dec.; N.L.R.B.; U.S. App. D.C."
)
# The points of these tell them from words and from places, and must be there: series of the states, and of laws and notices.
_STRICT = (
    "Cal. App. 5th; Cal. App. 4th; Cal. App. 3d; Cal. App. 2d; Cal. App.; Cal. 5th; Cal. 4th; Cal. 3d; Cal. 2d; Cal.; N.Y.S.; N.Y.; "
    "A.D.; Misc. 3d; Misc. 2d; Misc.; Ill. App. 3d; Ill. App. 2d; Ill. App.; Ill. 2d; Ill.; Ohio St. 3d; Ohio St. 2d; Ohio St.; Ohio "
    "App. 3d; Ohio App. 2d; Mass. App. Ct.; Mass.; Pa. Super.; Pa. Commw.; Pa.; N.J. Super.; N.J.L.; N.J. Eq.; N.J.; Mich. App.; "
    "Mich.; Wis. 2d; Wis.; Wn. App. 2d; Wn. App.; Wn.2d; Wash. App. 2d; Wash. App.; Wash. 2d; Wash.; Ga. App.; Ga.; Va. App.; Va.; W. "
    "Va.; N.C. App.; N.C.; S.C.; S.D.; N.D.; Md. App.; Md.; Conn. App.; Conn.; Kan. App. 2d; Kan.; Neb. App.; Neb.; Or. App.; Or.; "
    "Ariz. App.; Ariz.; Haw. App.; Haw.; Minn.; Mont.; Nev.; N.H.; N.M.; R.I.; Vt.; Tenn.; Tex. Crim.; Tex.; Ark. App.; Ark.; Ala. "
    "App.; Ala.; Fla.; Colo. App.; Colo.; Del. Ch.; Del.; Ind. App.; Ind.; Ky.; La. Ann.; La.; Me.; Miss.; Mo. App.; Mo.; Okla. "
    "Crim.; Okla.; Wyo.; F. Cas.; T.C.; M.J.; Ct. Cl.; Stat.; Fed. Reg."
)
_LIKE_WORDS = ("F.", "A.", "P.", "A.D.", "Del.", "Ill.", "Ind.", "Me.", "Miss.", "Mo.", "Or.", "Pa.", "Wash.")
"""These stand for other things as often: what stands behind the page decides."""


def _names(table: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in table.split(";"))


def _key(written: str) -> str:
    return re.sub(r"[.\s'’]", "", written)


def spelled(written: str) -> str:
    """Without points; letters that stand alone are joined, as are a letter and the number of a series: `NE2d`, `Cal 2d`, `I&N Dec`."""
    words = re.sub(r"['’]", "", written).replace(" & ", "&").replace(".", ". ").replace("&", " & ").split()
    text = words[0].rstrip(".")
    for before, word in pairwise(words):
        alone = len(before.rstrip(".")) == 1 and (len(word.rstrip(".")) == 1 or word[0].isdigit())
        text += ("" if alone else " ") + word.rstrip(".")
    return text


@cache
def _spellings() -> dict[str, str]:
    return {_key(name): spelled(name) for name in _names(_LOOSE) + _names(_STRICT)}


def one_spelling(written: str) -> str:
    """Of a reporter that a pattern of this module matched."""
    return _spellings()[_key(written)]


def _loose(written: str) -> str:
    """A pattern for an abbreviation, whose points and spaces may be missing."""
    return r"\.?\s?".join(part.replace("'", "['’]") for part in re.findall(r"[A-Za-z0-9']+|&", written)) + r"\.?"


def _strict(written: str) -> str:
    """A pattern for an abbreviation, whose spaces may be missing before a number and behind a point."""
    return re.sub(r"\\\.(?:\\ )?(?=.)", r"\\.\\s?", re.escape(written)).replace(r"\ ", r"\s")


def reporters_text() -> str:
    """A pattern for all reporters but those like words; behind a number of four figures, which may be a year, only the loose ones."""
    loose = "|".join(_loose(name) for name in _names(_LOOSE) if name not in _LIKE_WORDS)
    strict = "|".join(_strict(name) for name in _names(_STRICT) if name not in _LIKE_WORDS)
    return rf"{loose}|(?<![0-9]{{4}}\s)(?:{strict})"


def like_words_text() -> str:
    """A pattern for the others, with a space or none between two points."""
    return rf"(?<![0-9]{{4}}\s)(?:{'|'.join(map(_strict, _LIKE_WORDS))})"
