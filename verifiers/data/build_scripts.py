"""Builds `scripts.txt`, the script of every letter, from the Unicode data in the package `regex`.

    python verifiers/data/build_scripts.py

One line a script: its name, then ranges of code points in hexadecimal. Letters
that several scripts share (Common, Inherited) are left out.
"""

from __future__ import annotations

import sys
from pathlib import Path

import regex

SCRIPTS = (
    "Arabic",
    "Armenian",
    "Bengali",
    "Cyrillic",
    "Devanagari",
    "Ethiopic",
    "Georgian",
    "Greek",
    "Gujarati",
    "Gurmukhi",
    "Han",
    "Hangul",
    "Hebrew",
    "Hiragana",
    "Kannada",
    "Katakana",
    "Khmer",
    "Lao",
    "Latin",
    "Malayalam",
    "Mongolian",
    "Myanmar",
    "Oriya",
    "Sinhala",
    "Syriac",
    "Tamil",
    "Telugu",
    "Thaana",
    "Thai",
    "Tibetan",
)


def ranges(script: str) -> list[tuple[int, int]]:
    """First and last code point of each run of letters of a script."""
    of_script = regex.compile(rf"(?=\p{{L}})\p{{Script={script}}}")
    found: list[tuple[int, int]] = []
    for code in range(sys.maxunicode + 1):
        if of_script.match(chr(code)):
            if found and found[-1][1] == code - 1:
                found[-1] = (found[-1][0], code)
            else:
                found.append((code, code))
    return found


def main() -> None:
    """Writes the table beside this file."""
    lines = [" ".join([script, *(f"{first:x}-{last:x}" for first, last in ranges(script))]) for script in SCRIPTS]
    Path(__file__).with_name("scripts.txt").write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
