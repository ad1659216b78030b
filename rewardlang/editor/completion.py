"""What may be written at the caret: words that the parser would take there, and names of the kind that fits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsprotocol import types as lsp

from rewardlang.checking.checker import BUILT_INS
from rewardlang.editor.document import Document
from rewardlang.editor.expected_here import Here, expected_here
from rewardlang.editor.word_meanings import MEANINGS
from rewardlang.parsing import syntax
from rewardlang.parsing.parse_table import table
from rewardlang.parsing.tree_nodes import Leaf
from rewardlang.registry import default_registry
from rewardlang.source import Span
from rewardlang.verifier import Kind, Verifier

_TYPING = re.compile(r"[^\W\d][\w\u0300-\u036f]*\Z")
_BEFORE = re.compile(r"[^\W\d]\w*[ \t]+\Z")
_KEYWORD, _FUNCTION, _VALUE, _CLASS = (
    lsp.CompletionItemKind.Keyword,
    lsp.CompletionItemKind.Function,
    lsp.CompletionItemKind.Variable,
    lsp.CompletionItemKind.Class,
)
_TYPES = ("text", "number", "math", "boolean")
_DIMENSIONS = ("mass", "body_mass", "volume", "amount", "activity", "equivalents", "time", "length", "area", "dose")
_TAG = re.compile(r"<[^\W\d][\w-]*>")
# Names are new after these, when they begin their statement.
_GIVES_NAME = frozenset(("_COLUMN", "_PARAM", "_LIST", "_PATTERN", "_DEFINE", "_LET", "_SECTION", "_RULE", "_REWARD"))
_POINTS_BEFORE = frozenset(("SIGN", "_ELSE", "_UP_TO"))


def completions(document: Document, offset: int) -> list[lsp.CompletionItem]:
    """The items at a caret, each replacing what of its word is already there."""
    text = document.text[:offset]
    typing = _TYPING.search(text)
    start = typing.start() if typing else offset
    if text[start - 1 : start] == "<":
        tag = expected_here(text[: start - 1])
        if tag is not None and "TAG" in tag.terminals:
            return list(_tags(document, start - 1, offset))
    here = expected_here(text[:start])
    if here is None:
        return []
    items = list(_names(document, here, start, offset)) + [_word(document, phrase, start, offset) for phrase in _phrases(here.terminals)]
    items += _longer_phrases(document, start, offset)
    unique: dict[tuple[str, object], lsp.CompletionItem] = {}
    for item in items:
        unique.setdefault((item.label, item.kind), item)
    return list(unique.values())


# ---------------------------------------------------------------- words of the language


def _phrases(terminals: frozenset[str]) -> list[str]:
    """The words of the language for these terminals, as they are written."""
    phrases = table().phrases
    return sorted(" ".join((first, *rest)) for first, entries in phrases.items() for name, rest in entries if name in terminals)


def _longer_phrases(document: Document, start: int, offset: int) -> list[lsp.CompletionItem]:
    """Phrases whose first words are already there: `at l` may become `at least`."""
    items: list[lsp.CompletionItem] = []
    for _ in range(2):
        before = _BEFORE.search(document.text[:start])
        if before is None:
            break
        start = before.start()
        written = " ".join(document.text[start:offset].split()) + (" " if document.text[offset - 1 : offset].isspace() else "")
        every = [" ".join((first, *rest)) for first, entries in table().phrases.items() for _, rest in entries]
        fitting = [phrase for phrase in every if phrase.startswith(written)]
        here = expected_here(document.text[:start]) if fitting else None
        if here is not None:
            expected = _phrases(here.terminals)
            items += [_word(document, phrase, start, offset) for phrase in fitting if phrase in expected]
    return items


def _word(document: Document, phrase: str, start: int, offset: int) -> lsp.CompletionItem:
    return _item(document, phrase, _KEYWORD, start, offset, MEANINGS[phrase].replace("`", ""), order=3)


def _item(
    document: Document, label: str, kind: lsp.CompletionItemKind, start: int, offset: int, detail: str, docs: str = "", *, order: int = 1
) -> lsp.CompletionItem:
    return lsp.CompletionItem(
        label=label,
        kind=kind,
        detail=detail,
        documentation=lsp.MarkupContent(lsp.MarkupKind.Markdown, docs) if docs else None,
        sort_text=f"{order}{label}",
        filter_text=label,
        text_edit=lsp.TextEdit(document.lines.range(Span(start, offset)), label),
    )


# ---------------------------------------------------------------- names


def _names(document: Document, here: Here, start: int, offset: int) -> Iterator[lsp.CompletionItem]:
    """Names of the kind that the place takes."""

    def items(kind: lsp.CompletionItemKind, found: Iterator[tuple[str, str]]) -> Iterator[lsp.CompletionItem]:
        return (_item(document, name, kind, start, offset, detail) for name, detail in found)

    before, begins = here.before, here.statement[0].type if here.statement else ""
    if before in _GIVES_NAME and len(here.statement) == 1:
        return
    if before in ("_RULE", "_SECTION", "_EXPECT"):
        wanted: tuple[type, ...] = (syntax.Section,) if before == "_SECTION" else (syntax.Rule,)
        yield from items(_CLASS, _declared(document, wanted))
    elif before == "_WITH":
        yield from items(_VALUE, _declared(document, (syntax.Column, syntax.Param)))
        yield from items(_VALUE, iter((("step", "the training step"),)))
    elif before == "_AS" and begins not in ("_USE", "_IMPORT", "_PATTERN"):
        yield from _verifiers(document, "reader", start, offset)
    elif "_PRESENT" in here.terminals:
        yield from _verifiers(document, "predicate", start, offset)
    elif "_LIST_OF" in here.terminals:
        yield from items(_CLASS, ((name, "type") for name in _TYPES))
    elif before in ("_QUANTITY_OF", "_PER"):
        yield from items(_CLASS, ((name, "dimension") for name in _DIMENSIONS))
    elif before == "_OUTSIDE":
        yield from _tags(document, start, offset)
    elif before == "_DOT":
        yield from items(_VALUE, _of_module(document, here.statement))
    elif "_MATCH_OF" in here.terminals:
        yield from _finders(document, start, offset)
    elif "_SHARE_OF" in here.terminals or ("NAME" in here.terminals and before in _POINTS_BEFORE):
        yield from _values(document, here, start, offset)


def _values(document: Document, here: Here, start: int, offset: int) -> Iterator[lsp.CompletionItem]:
    kinds: tuple[type, ...] = (syntax.Column, syntax.Param)
    if "_SHARE_OF" in here.terminals:
        kinds += (syntax.Let, syntax.ListInline, syntax.ListFromFile, syntax.Define, syntax.UsePython, syntax.Import)
        for name, type_ in BUILT_INS.items():
            yield _item(document, name, _VALUE, start, offset, f"value of every row: {type_}", order=2)
        yield from _verifiers(document, "measure", start, offset)
    for name, detail in _declared(document, kinds):
        yield _item(document, name, _VALUE, start, offset, detail)


def _finders(document: Document, start: int, offset: int) -> Iterator[lsp.CompletionItem]:
    for name, detail in _declared(document, (syntax.PatternLike, syntax.PatternRegex)):
        yield _item(document, name, _VALUE, start, offset, detail)
    yield from _verifiers(document, "finder", start, offset)
    yield from _tags(document, start, offset)


def _tags(document: Document, start: int, offset: int) -> Iterator[lsp.CompletionItem]:
    """The tags that stand in the file, and two that most files have."""
    for tag in sorted(set(_TAG.findall(document.text)) | {"<answer>", "<think>"}):
        yield _item(document, tag, _CLASS, start, offset, "tag: what stands between it and its closing tag")


def _verifiers(document: Document, kind: Kind, start: int, offset: int) -> Iterator[lsp.CompletionItem]:
    registry = default_registry()
    for word in registry.words(kind):
        verifier = registry.get(kind, word)
        if verifier is not None:
            summary = verifier.doc.partition("\n")[0]
            yield _item(document, word, _FUNCTION, start, offset, f"{kind}: {summary}", verifier_page(verifier), order=2)


def verifier_page(verifier: Verifier) -> str:
    """What a verifier's author says of it, as Markdown."""
    options = ", ".join(f"{name}: {option.type}" for name, option in verifier.options.items())
    facts = f"*{verifier.kind}, gives {verifier.gives}, cost {verifier.cost}*" + (f"\n\noptions: {options}" if options else "")
    return f"**{verifier.word}**: {verifier.doc}\n\n{facts}"


def _declared(document: Document, kinds: tuple[type, ...]) -> Iterator[tuple[str, str]]:
    """Name and first line of the statements of some kinds: those of now, and those of the last whole text."""
    readings = [document.now] if document.now is not None else []
    read = document.reading()
    if read is not None and read[0] is not document.now:
        readings.append(read[0])
    told: set[str] = set()
    for reading in readings:
        for symbol, statement in reading.names.statements.items():
            if isinstance(statement, kinds) and symbol.name not in told:
                told.add(symbol.name)
                yield symbol.name, " ".join(reading.source.cut(statement.span).partition("\n")[0].split())


def _of_module(document: Document, statement: tuple[Leaf, ...]) -> Iterator[tuple[str, str]]:
    """The names of an imported file after `alias.`."""
    from rewardlang.editor.imported import imported_file

    alias = statement[-2] if len(statement) > 1 else ""
    found = imported_file(document, str(alias))
    if found is None:
        return
    wanted = "rule" if statement[0].type == "_INCLUDE" else "value"
    for symbol, node in found.names.statements.items():
        if symbol.space == wanted and not isinstance(node, syntax.Rule):
            yield symbol.name, " ".join(found.source.cut(node.span).partition("\n")[0].split())
