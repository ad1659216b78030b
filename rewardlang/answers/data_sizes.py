"""Sizes of data: `2 GB`, `16 bits`. A kilobyte is 1,000 bytes to some and 1,024 to others, so what depends on it stays open."""

from __future__ import annotations

from fractions import Fraction

_PREFIXES = ("", "K", "M", "G", "T", "P")
_WORDS = {"byte": "B", "bytes": "B", "bit": "b", "bits": "b"} | {
    f"{name}byte{plural}": f"{letter}B"
    for name, letter in (("kilo", "K"), ("mega", "M"), ("giga", "G"), ("tera", "T"))
    for plural in ("", "s")
}
_BYTES = {f"{prefix}{letter}": (power, False, size) for power, prefix in enumerate(_PREFIXES) for letter, size in (("B", 8), ("b", 1))}
_BYTES |= {f"{prefix}iB": (power, True, 8) for power, prefix in enumerate(_PREFIXES) if power}
_BYTES |= {"kB": (1, False, 8), "kb": (1, False, 1)} | {
    f"{prefix}bit": (power, False, 1) for power, prefix in enumerate(_PREFIXES) if power
}
_BYTES |= {word: _BYTES[unit] for word, unit in _WORDS.items()}
DATA_UNITS = frozenset(_BYTES) - {"B", "b", "Pb"}
"""Those that are nothing else when they stand behind a number."""


def bits_of(unit: str) -> tuple[Fraction, Fraction] | None:
    """A unit in bits, with a kilobyte of 1,000 and of 1,024 bytes; None for what is no unit of data."""
    if unit not in _BYTES:
        return None
    power, binary, size = _BYTES[unit]
    decimal, by_twos = (Fraction(size * (1024 if binary else thousand) ** power) for thousand in (1000, 1024))
    return decimal, by_twos
