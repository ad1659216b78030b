"""What a file gives away to whoever wants its points: its lists, texts, tags and patterns."""

from __future__ import annotations

from collections.abc import Iterator

from rewardlang import meaning, types
from rewardlang.checking.examples import rule_expressions
from rewardlang.program import Program
from rewardlang.record import NamedTuple


class FileTexts(NamedTuple):
    """In the order of the file: named lists, every other text that a test, a marker or a `one of` column holds, tags, and patterns.

    `choices` are those of the texts that a `one of` column can hold; `markers` are pairs around something that is looked for.
    """

    lists: dict[str, tuple[str, ...]]
    texts: tuple[str, ...]
    choices: frozenset[str]
    markers: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]
    patterns: tuple[meaning.RegexFind | meaning.SpelledFind | meaning.Matches, ...]


def texts_of(program: Program) -> FileTexts:
    """Read from rules, gates, `let` and `success`, and from the values of `one of` columns."""
    lists: dict[str, tuple[str, ...]] = {}
    texts: dict[str, None] = {}
    markers: dict[tuple[str, str], None] = {}
    tags: dict[str, None] = {}
    patterns: dict[int, meaning.RegexFind | meaning.SpelledFind | meaning.Matches] = {}
    for node in _nodes(program):
        match node:
            case meaning.NamedList(name=name, values=values):
                lists[name if name != meaning.INLINE_LIST else _written_out(values)] = values
            case meaning.Constant(value=str(text)):
                texts[text] = None
            case meaning.Constant(value=tuple(items)):
                texts.update((item, None) for item in items if isinstance(item, str))
            case meaning.Outside(tag=tag):
                tags[tag] = None
            case meaning.Matches():
                patterns[id(node.pattern)] = node
            case meaning.Select(find=find) | meaning.Each(find=find):
                match find:
                    case meaning.MarkerFind():
                        texts.update({find.marker: None, find.closing: None})
                        markers[("", find.marker) if find.kind == "before" else (find.marker, find.closing)] = None
                    case meaning.TagFind(tag=tag):
                        tags[tag] = None
                    case meaning.RegexFind() | meaning.SpelledFind():
                        patterns[id(find.pattern)] = find
    choices = [value for column in program.columns.values() if isinstance(column.type, types.OneOfType) for value in column.type.values]
    texts.update((value, None) for value in choices)
    texts.pop("", None)
    return FileTexts(lists, tuple(texts), frozenset(choices), tuple(markers), tuple(tags), tuple(patterns.values()))


def _written_out(values: tuple[str, ...]) -> str:
    """A list that has no name, by its first item."""
    return f'["{values[0]}"{", …" if len(values) > 1 else ""}]'


def looked_at(program: Program) -> set[str]:
    """What of every row's own values (prompt, system, …) the program uses."""
    return {node.name for node in _nodes(program) if isinstance(node, meaning.BuiltIn)}


def _nodes(program: Program) -> Iterator[meaning.Expr]:
    roots = [expression for rule in program.rules for expression in rule_expressions(rule)]
    roots += [*(gate.condition for gate in program.requires), *(let.value for let in program.lets.values())]
    roots += [program.success] if program.success is not None else []
    return (node for root in roots for node in meaning.walk(root))


def columns_of_success(program: Program) -> tuple[str, ...]:
    """The columns that decide what is right, by their names in the data, also through `let`."""
    if program.success is None:
        return ()
    lets = {name: let.value for name, let in program.lets.items()}
    found = {node.name: None for node in meaning.walk(program.success, lets) if isinstance(node, meaning.ColumnValue)}
    return tuple(program.columns[name].original for name in found)
