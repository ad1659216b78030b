"""`medical_code`: codes of diseases, drugs, laboratory tests and clinical terms, by their form and check digit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal, TypeAlias

from rewardlang.verdict import Finding, Verdict, no, yes
from rewardlang.verifier import finder, predicate

System: TypeAlias = Literal["icd10", "atc", "loinc", "snomed"]

_FORMS: Mapping[str, str] = {
    "icd10": r"[A-Z][0-9][0-9AB](?:\.[0-9A-Z]{1,4})?",
    "atc": r"[ABCDGHJLMNPRSV][0-9]{2}[A-Z]{2}[0-9]{2}",
    "loinc": r"[0-9]{1,7}-[0-9]",
    "snomed": r"[1-9][0-9]{5,17}",
}
_NAMES: Mapping[str, str] = {"icd10": "ICD-10", "atc": "ATC", "loinc": "LOINC", "snomed": "SNOMED CT"}

# The tables of Verhoeff's check digit: the dihedral group of order ten, and the permutation that each place applies.
_PRODUCT = (
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
_PERMUTATION = ("0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258")


@cache
def _code(system: System) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.-]){_FORMS[system]}(?![\w-]|\.\w)")


@finder("medical_code", cost="linear", version="1")
def medical_code(texts: Sequence[str], *, system: System = "icd10") -> list[list[Finding[str]]]:
    """The codes of one system in a text, by their form: ICD-10, ATC, LOINC or SNOMED CT.

    What it checks
    --------------
    `icd10`: a letter, two characters, and up to four behind a point (`J45.901`); this is the form of WHO's edition and of ICD-10-CM.
    `atc`: the seven characters of a substance (`J01CA04`). `loinc`: figures, a hyphen and a check digit (`2345-7`). `snomed`: 6 to 18
    figures. Capital letters only. The predicate of the same word (`code is medical_code(system = "loinc")`) looks at a whole text and at
    the check digit, which LOINC (Luhn) and SNOMED CT (Verhoeff, with a partition of 00 to 12) have.

    Why it earns reward
    -------------------
    A code is right or wrong, and one wrong figure is another disease. Check digits find most codes that were made up.

    Example
    -------
    `rule coded: award 1 point when only medical_code in only <diagnosis> in reply is in accepted_codes`

    Known gaps
    ----------
    A code of the right form need not exist, and ICD-10 and ATC have no check digit: compare with a list. Other things look the same:
    a room `A12`, the vitamin in `vitamin B12`, ranges of figures (`100-5`), any long number as SNOMED CT.
    """
    pattern = _code(system)
    return [[Finding(match.start(), match.end(), match[0]) for match in pattern.finditer(text)] for text in texts]


@predicate("medical_code", cost="linear", version="1")
def is_medical_code(texts: Sequence[str], *, system: System = "icd10") -> list[Verdict]:
    """Whether the whole trimmed text is a code of the system, with the right check digit; see the finder of the same word."""
    return [_verdict(text.strip(), system) for text in texts]


def _verdict(code: str, system: System) -> Verdict:
    if not re.fullmatch(_FORMS[system], code):
        return no(f"it has not the form of {_NAMES[system]}")
    if system == "loinc" and _luhn(code[:-2]) != code[-1]:
        return no(f"the check digit should be {_luhn(code[:-2])}")
    if system == "snomed":
        if code[-3:-1] not in ("00", "01", "02", "10", "11", "12"):
            return no(f"there is no partition {code[-3:-1]}")
        if _verhoeff(code) != 0:
            return no("the check digit is wrong")
    return yes()


def _luhn(figures: str) -> str:
    """The check digit behind the figures: every second one from the right is doubled."""
    doubled = (int(figure) * (2 - place % 2) for place, figure in enumerate(reversed(figures)))
    return str(-sum(number // 10 + number % 10 for number in doubled) % 10)


def _verhoeff(figures: str) -> int:
    """0 where the last figure is the check digit of those before."""
    check = 0
    for place, figure in enumerate(reversed(figures)):
        check = int(_PRODUCT[check][int(_PERMUTATION[place % 8][int(figure)])])
    return check
