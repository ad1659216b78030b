"""`iban`: international bank account numbers (ISO 13616), for rewardlang."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from rewardlang.verdict import Finding
from rewardlang.verifier import finder

_LENGTHS = dict(AT=20, BE=16, CH=21, DE=22, DK=18, ES=24, FI=18, FR=27, GB=22, IE=22, IT=27, NL=18, NO=15)  # noqa: C408


@cache
def _shape() -> re.Pattern[str]:
    """Country, check digits, then groups of up to four; bounded, so that no text makes the search slow."""
    return re.compile(r"(?<![A-Za-z0-9])([A-Z]{2})[0-9]{2}(?: ?[A-Z0-9]{1,4}){3,8}(?![A-Za-z0-9])", re.ASCII)


@finder("iban", cost="linear", version="1")
def iban(texts: Sequence[str]) -> list[list[Finding[str]]]:
    """The bank account numbers (IBAN) in a text whose check digits are right.

    What it checks
    --------------
    Finds numbers of thirteen European countries, written with or without spaces, of the right length for their country and with
    right check digits (ISO 7064, modulo 97). The value is the number without spaces.

    Why it earns reward
    -------------------
    A model that copies an account number with one wrong digit sends money nowhere, or to somebody else.

    Example
    -------
    `rule account: award 1 point when only iban in completion equals account`

    Known gaps
    ----------
    Right check digits do not mean that the account exists. One number in a hundred made up at random passes.
    """
    return [list(_found(text)) for text in texts]


def _found(text: str) -> Iterator[Finding[str]]:
    for match in _shape().finditer(text):
        number = match[0].replace(" ", "")
        if len(number) == _LENGTHS.get(match[1]) and _remainder(number) == 1:
            yield Finding(match.start(), match.end(), number)


def _remainder(number: str) -> int:
    """The number with its first four characters at the end and letters as 10 to 35, modulo 97."""
    return int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97
