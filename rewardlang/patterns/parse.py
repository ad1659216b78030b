r"""Reads a regular expression of a `.reward` file: a subset of RE2's syntax, with RE2's meaning.

    pattern     = branch { "|" branch }
    branch      = { atom [ "*" | "+" | "?" | "{" n [ "," [ m ] ] "}" ] [ "?" ] }
    atom        = character | "." | "^" | "$" | class | escape | "(" [ "?:" | "?P<" name ">" | "?" flags [ ":" ] ] pattern ")"
    class       = "[" [ "^" ] { character [ "-" character ] | "\d" … | "[:alpha:]" … } "]"
    escape      = \d \D \s \S \w \W \b \B \A \z \n \t \r \f \v \a \xHH \x{H…} and \ before punctuation

Classes and the folding of case are ASCII's. What other engines have beside
this is refused by name.
"""

from __future__ import annotations

from typing import NamedTuple

from rewardlang.patterns.tree import (
    LAST,
    Assert,
    Chars,
    Either,
    Group,
    Ranges,
    Repeat,
    Sequence_,
    Tree,
    complement,
    fold_ascii,
    ranges_of,
)

MAX_COUNT = 1000
MAX_DEPTH = 100
FLAGS = "ims"

_DIGIT = ((0x30, 0x39),)
_SPACE = ((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20))
_WORD = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_CLASSES = {"d": _DIGIT, "s": _SPACE, "w": _WORD, "D": complement(_DIGIT), "S": complement(_SPACE), "W": complement(_WORD)}
_CONTROLS = {"n": 10, "t": 9, "r": 13, "f": 12, "v": 11, "a": 7}
_PLACES = {"A": "text start", "z": "text end", "b": "word edge", "B": "no word edge"}
_NAMED: dict[str, Ranges] = {
    "alnum": ((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)),
    "alpha": ((0x41, 0x5A), (0x61, 0x7A)),
    "blank": ((0x09, 0x09), (0x20, 0x20)),
    "digit": _DIGIT,
    "lower": ((0x61, 0x7A),),
    "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "space": ((0x09, 0x0D), (0x20, 0x20)),
    "upper": ((0x41, 0x5A),),
    "word": _WORD,
    "xdigit": ((0x30, 0x39), (0x41, 0x46), (0x61, 0x66)),
}
_REFUSED_GROUPS = {
    "=": "look-ahead",
    "!": "negative look-ahead",
    "<=": "look-behind",
    "<!": "negative look-behind",
    ">": "an atomic group",
    "#": "a comment",
    "(": "a conditional group",
    "P=": "a backreference",
    "P>": "a recursion",
    "R": "a recursion",
    "|": "a branch reset",
}


class PatternError(ValueError):
    """A pattern that cannot be used: `message` is a sentence without a full stop; [start, end) are offsets into the pattern."""

    def __init__(self, message: str, start: int, end: int) -> None:
        self.message, self.start, self.end = message, start, end
        super().__init__(message, start, end)


class Grouped(NamedTuple):
    """A tree, how many groups the pattern has, and the numbers of those that have names."""

    tree: Tree
    groups: int
    names: dict[str, int]


def parse_pattern(pattern: str, flags: str = "") -> Tree:
    """The tree of a pattern; raises PatternError. `flags` are the letters after the closing slash."""
    return _parsed(pattern, flags, keep_groups=False).tree


def parse_groups(pattern: str, flags: str = "") -> Grouped:
    """The tree of a pattern with its groups, and their names; raises PatternError."""
    return _parsed(pattern, flags, keep_groups=True)


def _parsed(pattern: str, flags: str, *, keep_groups: bool) -> Grouped:
    for flag in flags:
        if flag not in FLAGS:
            raise PatternError(
                f"there is no flag '{flag}'; the flags are i (ignoring case), m (lines) and s (a dot matches a line break)", 0, 0
            )
    parser = _Parser(pattern, frozenset(flags), keep_groups)
    tree = parser.alternatives(0)
    if parser.at < len(pattern):
        raise PatternError("this ) closes nothing; write \\) for the character", parser.at, parser.at + 1)
    return Grouped(tree, parser.groups, parser.names)


class _Parser:
    def __init__(self, pattern: str, flags: frozenset[str], keep_groups: bool) -> None:
        self.pattern, self.flags, self.keep_groups = pattern, flags, keep_groups
        self.at = self.groups = 0
        self.names: dict[str, int] = {}

    def _sees(self, text: str) -> bool:
        return self.pattern.startswith(text, self.at)

    def alternatives(self, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            raise PatternError(f"brackets are nested more than {MAX_DEPTH} deep", self.at, self.at + 1)
        before = self.flags
        branches = [self._branch(depth)]
        while self._sees("|"):
            self.at += 1
            branches.append(self._branch(depth))
        self.flags = before
        return branches[0] if len(branches) == 1 else Either(tuple(branches))

    def _branch(self, depth: int) -> Tree:
        items: list[Tree] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            start = self.at
            item = self._atom(depth)
            if item is not None:
                items.append(self._repeated(item, start))
        return items[0] if len(items) == 1 else Sequence_(tuple(items))

    def _repeated(self, item: Tree, start: int) -> Tree:
        count = self._count()
        if count is None:
            return item
        low, high = count
        greedy = True
        if self._sees("?"):
            self.at, greedy = self.at + 1, False
        if self._sees("+"):
            raise PatternError("possessive repetition is not supported; leave out the second +", self.at, self.at + 1)
        second = self.at
        if self._count() is not None:
            raise PatternError("a repetition cannot be repeated; put brackets around the first", second, self.at)
        for bound in (low, high or 0):
            if bound > MAX_COUNT:
                raise PatternError(f"a repetition counts to {MAX_COUNT} at most", start, self.at)
        if high is not None and high < low:
            raise PatternError(f"the repetition ends at {high}, before it begins at {low}", start, self.at)
        return Repeat(item, low, high, greedy)

    def _count(self) -> tuple[int, int | None] | None:
        """A repetition operator at this place, consumed; braces that hold no count are characters, as in RE2."""
        character = self.pattern[self.at : self.at + 1]
        if character and character in "*+?":
            self.at += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[character]
        if character != "{":
            return None
        end = self.pattern.find("}", self.at, self.at + 20)
        low, comma, high = self.pattern[self.at + 1 : max(end, self.at + 1)].partition(",")
        if end < 0 or not _is_figures(low) or not (high == "" or _is_figures(high)):
            return None
        self.at = end + 1
        return int(low), int(low) if not comma else int(high) if high else None

    def _atom(self, depth: int) -> Tree | None:
        character = self.pattern[self.at]
        if character == "(":
            return self._group(depth)
        if character == "[":
            return Chars(self._class())
        if character == "\\":
            return self._escape()
        if character in "*+?":
            raise PatternError(f"there is nothing for {character} to repeat; write \\{character} for the character", self.at, self.at + 1)
        self.at += 1
        if character == ".":
            return Chars(((0, LAST),) if "s" in self.flags else complement(((10, 10),)))
        if character == "^":
            return Assert("line start" if "m" in self.flags else "text start")
        if character == "$":
            return Assert("line end" if "m" in self.flags else "text end")
        return self._literal(ord(character))

    def _literal(self, code: int) -> Chars:
        ranges: Ranges = ((code, code),)
        return Chars(fold_ascii(ranges) if "i" in self.flags else ranges)

    def _group(self, depth: int) -> Tree | None:
        start = self.at
        self.at += 1
        outer = self.flags
        counted = not self._sees("?") or self.pattern.startswith(("?P<", "?<"), self.at)
        self.groups += counted
        number = self.groups
        if self._sees("?") and self._group_head(start):
            return None
        tree = self.alternatives(depth + 1)
        if not self._sees(")"):
            raise PatternError("this ( is not closed; write \\( for the character", start, start + 1)
        self.at += 1
        self.flags = outer
        return Group(tree, number) if counted and self.keep_groups else tree

    def _group_head(self, start: int) -> bool:
        """Reads what follows `(`, from `?`; True when it was only flags for the rest of the group."""
        self.at += 1
        for sign, name in _REFUSED_GROUPS.items():
            if self._sees(sign):
                raise PatternError(f"{name} is not supported: patterns are read in linear time", start, self.at + len(sign))
        if self._sees("P<") or self._sees("<"):
            end = self.pattern.find(">", self.at)
            name = self.pattern[self.pattern.index("<", self.at) + 1 : end] if end >= 0 else ""
            if not name.isidentifier():
                raise PatternError("a named group is written (?P<name>...)", start, self.at + 1)
            if name in self.names:
                raise PatternError(f"two groups are called '{name}'", start, end + 1)
            self.names[name] = self.groups
            self.at = end + 1
            return False
        on, off, negative = set(self.flags), False, False
        while self.at < len(self.pattern):
            character = self.pattern[self.at]
            self.at += 1
            if character in FLAGS:
                (on.discard if negative else on.add)(character)
            elif character == "-" and not negative:
                negative = True
            elif character in ":)":
                off = character == ")"
                self.flags = frozenset(on)
                return off
            else:
                break
        raise PatternError("after (? stand the flags i, m, s, then : or )", start, self.at)

    def _escape(self) -> Tree:
        start = self.at
        letter = self.pattern[self.at + 1 : self.at + 2]
        if letter in _PLACES and letter:
            self.at += 2
            return Assert(_PLACES[letter])  # type: ignore[arg-type]
        if letter in _CLASSES and letter:
            self.at += 2
            return Chars(_CLASSES[letter])
        code = self._escaped_code(start)
        return self._literal(code)

    def _escaped_code(self, start: int) -> int:
        letter = self.pattern[start + 1 : start + 2]
        self.at = start + 2
        if not letter:
            raise PatternError("a backslash stands at the end; write \\\\ for the character", start, start + 1)
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter == "x":
            return self._hexadecimal(start)
        if not (letter.isalnum() or letter == "_") and ord(letter) < 128:
            return ord(letter)
        if letter.isdigit():
            raise PatternError("a backreference is not supported: patterns are read in linear time", start, self.at)
        if letter in "Qp" or letter in "EPCXZGKRNuU":
            known = {"Q": "a quotation \\Q...\\E", "E": "a quotation \\Q...\\E", "p": "a Unicode class", "P": "a Unicode class"}
            raise PatternError(f"{known.get(letter, f'the escape {chr(92)}{letter}')} is not supported", start, self.at)
        raise PatternError(f"\\{letter} means nothing", start, self.at)

    def _hexadecimal(self, start: int) -> int:
        if self._sees("{"):
            end = self.pattern.find("}", self.at, self.at + 10)
            figures = self.pattern[self.at + 1 : end] if end >= 0 else ""
            self.at = max(end + 1, self.at)
        else:
            figures = self.pattern[self.at : self.at + 2]
            self.at += 2
            figures = figures if len(figures) == 2 else ""
        if not figures or any(figure not in "0123456789abcdefABCDEF" for figure in figures) or int(figures, 16) > LAST:
            raise PatternError("a code point is written \\x41 or \\x{1F600}", start, min(self.at, len(self.pattern)))
        return int(figures, 16)

    def _class(self) -> Ranges:
        start = self.at
        self.at += 1
        negative = self._sees("^")
        self.at += negative
        pairs: list[tuple[int, int]] = []
        first = True
        while first or not self._sees("]"):
            if self.at >= len(self.pattern):
                raise PatternError("this [ is not closed; write \\[ for the character", start, start + 1)
            first = False
            pairs.extend(self._class_item())
        self.at += 1
        ranges = ranges_of(pairs)
        if "i" in self.flags:
            ranges = fold_ascii(ranges)
        return complement(ranges) if negative else ranges

    def _class_item(self) -> Ranges:
        start = self.at
        if self._sees("[:"):
            end = self.pattern.find(":]", self.at)
            name = self.pattern[self.at + 2 : end] if end >= 0 else ""
            bare = name.removeprefix("^")
            if bare not in _NAMED:
                raise PatternError(f"there is no class [:{name}:]; there are {', '.join(sorted(_NAMED))}", start, max(end + 2, start + 2))
            self.at = end + 2
            return complement(_NAMED[bare]) if name.startswith("^") else _NAMED[bare]
        if self._sees("\\") and (letter := self.pattern[self.at + 1 : self.at + 2]) in _CLASSES and letter:
            self.at += 2
            return _CLASSES[letter]
        low = self._class_character()
        if not (self._sees("-") and not self._sees("-]") and self.at + 1 < len(self.pattern)):
            return ((low, low),)
        self.at += 1
        high = self._class_character()
        if high < low:
            raise PatternError("the range ends before it begins", start, self.at)
        return ((low, high),)

    def _class_character(self) -> int:
        if self._sees("\\"):
            return self._escaped_code(self.at)
        self.at += 1
        return ord(self.pattern[self.at - 1])


def _is_figures(text: str) -> bool:
    return text.isascii() and text.isdigit()
