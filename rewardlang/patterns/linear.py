r"""Whether Python's backtracking `re` reads a pattern in linear time, and the pattern that it is given.

Two forms are proved; everything else runs on `pattern_run`.

* Short: no unbounded repetition, and at most `MAX_STEPS` ways through the
  pattern times characters: constant work at each place of the text.
* Loops of single characters in a row of short parts, where each loop is greedy
  and what follows it cannot begin with a character of the loop. Then giving
  back characters never helps, and the loop is written possessively. The row
  begins at the text's start, so that it is tried once, or with a character that
  no loop takes, so that tries from different places share no loop's characters.
"""

from __future__ import annotations

from rewardlang.patterns.tree import Assert, Chars, Either, Group, Ranges, Repeat, Sequence_, Tree, nullable, overlap, ranges_of

MAX_STEPS = 2_000

_PLACES = {
    "text start": r"\A",
    "text end": r"\Z",
    "line start": r"(?:\A|(?<=\n))",
    "line end": r"(?=\n|\Z)",
    "word edge": r"\b",
    "no word edge": r"(?!\b)",
}


def linear_pattern(tree: Tree, grouped: Tree | None = None) -> str | None:
    """The text of an equal pattern for `re` with the flag ASCII, or None when linear time is not proved.

    `grouped` is the same tree with its groups; the text then has them too.
    """
    if grouped is not None and _repeats_a_group(grouped):
        return None  # which turn's places `re` keeps differs between its versions
    if not _has_loop(tree):
        return _written(grouped or tree) if _steps(tree) <= MAX_STEPS else None
    row = _flat(tree)
    loops = [item for item in row if isinstance(item, Repeat) and item.high is None]
    if any(_has_loop(item) for item in row if item not in loops):
        return None
    if _steps(Sequence_(tuple(item for item in row if item not in loops))) > MAX_STEPS:
        return None
    taken: list[tuple[int, int]] = []
    for index, item in enumerate(row):
        if item in loops:
            loop = _loop_characters(item)
            if loop is None or not _leaves_the_rest(loop, row[index + 1 :]):
                return None
            taken.extend(loop)
    if row[0] != Assert("text start"):
        first = _first(tuple(row))
        if first is None or overlap(first, ranges_of(taken)):
            return None
    return _written(grouped or tree)


def first_character(tree: Tree) -> str | None:
    """A pattern for the characters that a match can begin with; None when it can be empty or begins with a place."""
    first = _first((tree,))
    return None if first is None else _class(first)


def _flat(tree: Tree) -> list[Tree]:
    if isinstance(tree, Sequence_):
        return [part for item in tree.items for part in _flat(item)]
    return [tree]


def _repeats_a_group(tree: Tree, repeated: bool = False) -> bool:
    match tree:
        case Sequence_(items) | Either(items):
            return any(_repeats_a_group(item, repeated) for item in items)
        case Repeat(item, _, _, _):
            return _repeats_a_group(item, True)
        case Group(item, _):
            return repeated or _repeats_a_group(item)
    return False


def _has_loop(tree: Tree) -> bool:
    match tree:
        case Sequence_(items) | Either(items):
            return any(map(_has_loop, items))
        case Repeat(item, _, high, _):
            return high is None or _has_loop(item)
    return False


def _loop_characters(tree: Tree) -> Ranges | None:
    if isinstance(tree, Repeat) and tree.greedy and isinstance(tree.item, Chars):
        return tree.item.ranges
    return None


def _leaves_the_rest(loop: Ranges, rest: list[Tree]) -> bool:
    """Whether what follows a loop can neither begin with a character of the loop nor depend on where the loop ends."""
    for item in rest:
        if isinstance(item, Assert):
            return item.place == "text end" or (item.place == "line end" and not overlap(loop, ((10, 10),)))
        first = _first((item,), maybe_empty=True)
        if first is None or overlap(loop, first):
            return False
        if not nullable(item):
            return True
    return True


def _first(row: tuple[Tree, ...], maybe_empty: bool = False) -> Ranges | None:
    """The characters that a match can begin with; None when it can be empty (unless that is allowed) or begins with a place."""
    found: list[tuple[int, int]] = []
    for item in row:
        match item:
            case Chars(ranges):
                found.extend(ranges)
            case Assert():
                return None
            case Sequence_(items):
                inner = _first(items, maybe_empty=True)
                if inner is None:
                    return None
                found.extend(inner)
            case Either(items):
                for branch in items:
                    inner = _first((branch,), maybe_empty=True)
                    if inner is None:
                        return None
                    found.extend(inner)
            case Repeat():
                inner = _first((item.item,), maybe_empty=True)
                if inner is None:
                    return None
                found.extend(inner)
        if not nullable(item):
            return ranges_of(found)
    return ranges_of(found) if maybe_empty else None


def _ways(tree: Tree) -> int:
    """An upper bound of the number of ways to go through a loop-free tree."""
    match tree:
        case Sequence_(items):
            product = 1
            for item in items:
                product = min(product * _ways(item), MAX_STEPS + 1)
            return product
        case Either(items):
            return min(sum(map(_ways, items)), MAX_STEPS + 1)
        case Repeat(item, low, high, _):
            each, total, ways = _ways(item), 0, 1
            for count in range((high or 0) + 1):
                total += ways if count >= low else 0
                ways *= each
                if total > MAX_STEPS or ways > MAX_STEPS:
                    return MAX_STEPS + 1
            return max(total, 1)
    return 1


def _length(tree: Tree) -> int:
    """An upper bound of the characters and places that a loop-free tree looks at on one way."""
    match tree:
        case Sequence_(items):
            return sum(map(_length, items))
        case Either(items):
            return max(map(_length, items))
        case Repeat(item, _, high, _):
            return _length(item) * (high or 0)
    return 1


def _steps(tree: Tree) -> int:
    return _ways(tree) * max(1, _length(tree))


def _written(tree: Tree) -> str:
    """The tree as a pattern of `re`. A loop is possessive: it is one of those that never give back."""
    match tree:
        case Chars(ranges):
            return _class(ranges)
        case Assert(place):
            return _PLACES[place]
        case Sequence_(items):
            return "".join(map(_written, items))
        case Either(items):
            return f"(?:{'|'.join(map(_written, items))})"
        case Repeat(item, low, high, greedy):
            bound = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((low, high), f"{{{low},{'' if high is None else high}}}")
            return f"(?:{_written(item)}){bound}{'+' if high is None else '' if greedy else '?'}"
        case Group(item, _):
            return f"({_written(item)})"


def _class(ranges: Ranges) -> str:
    if not ranges:
        return "(?!)"
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return f"\\U{ranges[0][0]:08x}"
    return "[" + "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges) + "]"
