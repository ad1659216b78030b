"""Builds `english.txt.gz`, the dictionary of `misspelling`, from the word lists of SCOWL (README.md beside it says how to
get them), from `law_and_medicine.txt`, and from the parts of words in `law_and_medicine_parts.txt`.

    python verifiers/data/build_dictionary.py /path/to/scowl

The result is the same, byte for byte, for the same lists: sorted lines in
UTF-8, compressed without a date (gzip: xz is a fifth smaller and takes four
times as long to read). Four parts with an empty line between them: the words
that both spellings share, in lower case; those of American English alone;
those of British English alone; names and abbreviations as they are capitalised.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

LARGEST = 70
"""SCOWL's size: 35 is small, 50 medium, 70 large; above it stand words that are more often typing mistakes."""

SHARED, VARIANTS = ("english",), ("variant_1",)
AMERICAN = ("american",)
BRITISH = ("british", "british_z")
AMERICAN_TOO, BRITISH_TOO = ("american_variant_1",), ("british_variant_1",)
"""What each also knows, but does not prefer: `center` in Britain."""
WORDS = ("words", "contractions")
NAMES = ("upper", "proper-names", "abbreviations")


def lines_of(folder: Path, spellings: tuple[str, ...], classes: tuple[str, ...]) -> set[str]:
    """The entries of all lists of these spellings and classes up to LARGEST, without possessives: the finder takes `'s` off."""
    found: set[str] = set()
    for spelling in spellings:
        for of_class in classes:
            for file in sorted(folder.glob(f"{spelling}-{of_class}.*")):
                if int(file.suffix[1:]) <= LARGEST:
                    found.update(file.read_text(encoding="utf-8").split())
    return {entry for entry in found if not entry.endswith("'s")}


BRITISH_PARTS = (
    ("haem", "hem"), ("aemi", "emi"), ("oedem", "edem"), ("oesoph", "esoph"), ("pnoe", "pne"), ("rrhoe", "rrhe"), ("paed", "ped"),
    ("aesth", "esth"), ("gynaec", "gynec"), ("leuco", "leuko"), ("phaeo", "pheo"), ("ischaem", "ischem"),
)  # fmt: skip
"""Parts of medical words as they are spelt in Britain, and in America."""


def american_of(word: str) -> str:
    """A medical word as it is spelt in America."""
    for part, american in BRITISH_PARTS:
        word = word.replace(part, american)
    return word


def built() -> set[str]:
    """Every beginning with every ending of its line."""
    found = set()
    for line in Path(__file__).with_name("law_and_medicine_parts.txt").read_text(encoding="ascii").splitlines():
        if line and not line.startswith("#"):
            beginnings, endings = line.split("|")
            found |= {beginning + ending for beginning in beginnings.split() for ending in endings.split()}
    return found


def parts(folder: Path) -> list[set[str]]:
    """The four parts of the dictionary."""
    groups = (SHARED, VARIANTS, AMERICAN, BRITISH, AMERICAN_TOO, BRITISH_TOO)
    words = [{word.lower() for word in lines_of(folder, of, WORDS)} for of in groups]
    shared, variants, american, british, american_too, british_too = words
    shared |= (american & british) | (variants - american - british)
    american |= american_too - british
    british |= british_too - american
    known = shared | american | british
    listed = set(Path(__file__).with_name("law_and_medicine.txt").read_text(encoding="ascii").split()) - known
    of_parts = built() - known - listed
    new = listed | of_parts | {american_of(word) for word in of_parts} - known
    in_britain = {word for word in new if american_of(word) != word and american_of(word) in new | known}
    in_america = {american_of(word) for word in in_britain} - known
    shared |= new - in_britain - in_america
    british |= in_britain
    american |= in_america
    names = lines_of(folder, tuple(name for group in groups for name in group), NAMES) - shared - american - british
    assert len(shared) > 100_000, f"{folder} does not hold SCOWL's lists"
    return [shared, american - shared, british - shared, names]


def main() -> None:
    """Writes the dictionary beside this file and says what is in it."""
    found = parts(Path(sys.argv[1]))
    packed = gzip.compress("\n\n".join("\n".join(sorted(part)) for part in found).encode(), compresslevel=9, mtime=0)
    target = Path(__file__).with_name("english.txt.gz")
    target.write_bytes(packed)
    print(f"{target.name}: {', '.join(f'{len(part):,}' for part in found)} entries, {len(packed):,} bytes")


if __name__ == "__main__":
    main()
