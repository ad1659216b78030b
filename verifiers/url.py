"""`url`: the web addresses in a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from rewardlang.verdict import Finding
from rewardlang.verifier import finder

_PAIRS = {")": "(", "]": "[", "}": "{"}


@cache
def _address() -> re.Pattern[str]:
    return re.compile(r"(?<![\w@])(?:https?://|www\.)[^\s<>\"`\\^|]+", re.IGNORECASE)


@finder("url", cost="linear", version="1")
def url(texts: Sequence[str]) -> list[list[Finding[str]]]:
    """The web addresses in a text.

    What it checks
    --------------
    Finds `http://…`, `https://…` and `www.…` up to white space; punctuation at the end and a closing bracket without its
    opening one belong to the sentence, not to the address. A host needs a point and letters.

    Why it earns reward
    -------------------
    Answers that cite sources can be asked for addresses, and addresses can be compared with a list (`where url is in sources`).

    Example
    -------
    `rule sources: award 0.5 points for each distinct url in reply where url is in known_sources, up to 1`

    Known gaps
    ----------
    Nothing is fetched: an address that leads nowhere is found like any other. Compare with a list before paying for it.
    Addresses without `http` or `www` are not found.
    """
    return [[finding for match in _address().finditer(text) if (finding := _trimmed(match))] for text in texts]


def _trimmed(match: re.Match[str]) -> Finding[str] | None:
    address = match[0]
    while address:
        last = address[-1]
        unopened = last in _PAIRS and address.count(last) > address.count(_PAIRS[last]) if len(address) <= 4000 else False
        if last not in ".,;:!?'*_" and not unopened:
            break
        address = address[:-1]
    host = address.partition("://")[2] or address
    host = re.split(r"[/?#:]", host, maxsplit=1)[0]
    if not re.fullmatch(r"[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)+", host[:300]) or not host[-1].isalpha():
        return None
    return Finding(match.start(), match.start() + len(address), address)
