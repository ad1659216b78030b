"""Builds `english.txt.gz`, the dictionary of `misspelling`, from the word lists of SCOWL. README.md beside it says how to get them.

    python verifiers/data/build_dictionary.py /path/to/scowl

The result is the same, byte for byte, for the same lists: sorted lines in
UTF-8, compressed without a date (gzip: xz is a fifth smaller and takes four
times as long to read). First the words, in lower case;
then an empty line; then names and abbreviations as they are capitalised.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

LARGEST = 70
"""SCOWL's size: 35 is small, 50 medium, 70 large; above it stand words that are more often typing mistakes."""

SPELLINGS = ("english", "american", "british", "british_z", "variant_1", "american_variant_1", "british_variant_1")
WORDS = ("words", "contractions")
NAMES = ("upper", "proper-names", "abbreviations")


def lines_of(folder: Path, classes: tuple[str, ...]) -> set[str]:
    """The entries of all lists of these classes up to LARGEST."""
    found: set[str] = set()
    for spelling in SPELLINGS:
        for of_class in classes:
            for file in sorted(folder.glob(f"{spelling}-{of_class}.*")):
                if int(file.suffix[1:]) <= LARGEST:
                    found.update(file.read_text(encoding="utf-8").split())
    return found


def dictionary(folder: Path) -> str:
    """The text of the dictionary; possessives (`dog's`) are left out, the finder takes `'s` off."""
    words = {word.lower() for word in lines_of(folder, WORDS) if not word.endswith("'s")}
    names = {name for name in lines_of(folder, NAMES) if not name.endswith("'s")} - words
    assert len(words) > 100_000, f"{folder} does not hold SCOWL's lists"
    return "\n".join(sorted(words)) + "\n\n" + "\n".join(sorted(names)) + "\n"


def main() -> None:
    """Writes the dictionary beside this file and says what is in it."""
    text = dictionary(Path(sys.argv[1]))
    packed = gzip.compress(text.encode(), compresslevel=9, mtime=0)
    target = Path(__file__).with_name("english.txt.gz")
    target.write_bytes(packed)
    words, _, names = text.partition("\n\n")
    print(f"{target.name}: {words.count(chr(10)) + 1:,} words, {names.count(chr(10)):,} names, {len(packed):,} bytes")


if __name__ == "__main__":
    main()
