"""What is known of the word under the pointer: type, points, reason, the page of a verifier, the page of a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rewardlang import codes, meaning
from rewardlang.checking.checker import BUILT_INS
from rewardlang.editor.completion import verifier_page
from rewardlang.editor.diagnostics import findings
from rewardlang.editor.document import Document, Reading
from rewardlang.editor.names import Symbol
from rewardlang.editor.ranges import points, range_of_section, rule_named, section_named
from rewardlang.editor.word_meanings import MEANINGS
from rewardlang.explaining.words import exact
from rewardlang.parsing import syntax
from rewardlang.parsing.parse_table import table
from rewardlang.program import LetDecl, Program
from rewardlang.registry import default_registry
from rewardlang.source import Span
from rewardlang.verifier import Kind

_WORD = re.compile(r"<?/?[^\W\d][\w\u0300-\u036f-]*>?")
_BUILT_IN_WORDS = {
    "completion": "what the model wrote: the text of its last message",
    "prompt": "what the model was asked: the text of the last message before",
    "system": "the system message",
    "messages": "the texts of the whole conversation in order, the completion's last",
    "truncated": "whether the completion was cut off before its end",
    "completion_tokens": "how many tokens the completion has",
}
# No phrase with its gaps is longer than this.
_PHRASE = 60
_EXAMPLE_HEADING = re.compile(r"^#+ ", re.MULTILINE)


def hover(document: Document, offset: int) -> tuple[str, Span] | None:
    """Markdown, and the place that it is about."""
    word = next((match for match in _WORD.finditer(document.text) if match.start() <= offset <= match.end()), None)
    told = [page for finding in findings(document) if (page := _page(document, offset, finding.code, finding.span, finding.source.name))]
    span = Span(offset, offset)
    if word is not None:
        span = Span(*word.span())
        before = document.text[: span.start]
        keyword = None
        about = _of_name(document, offset)
        if about is None and (keyword := _of_keyword(document.text, word)) is None:
            about = _of_word(word[0].strip("<>/"), word[0], before)
        inner = _of_expression(document, offset) if keyword is not None else None
        told = [part for part in (about, keyword, inner[0] if inner is not None else None) if part] + told
    score = _of_score(document, offset)
    told += [score] if score else []
    if not told:
        inner = _of_expression(document, offset)
        if inner is None:
            return None
        told, span = [inner[0]], inner[1]
    return "\n\n---\n\n".join(told), span


# ---------------------------------------------------------------- names of the file


def _of_name(document: Document, offset: int) -> str | None:
    read = document.reading()
    if read is None:
        return None
    reading, moved = read
    place = next((one for one in reading.names.occurrences if _touches(moved.span(one.span), offset)), None)
    if place is None:
        return None
    if place.symbol.scope is not None:
        return f"**{place.symbol.name}**: a name that is known here alone"
    statement = reading.names.statements[place.symbol]
    known = document.programmed()
    facts = _facts(place.symbol, known[0] if known is not None else None)
    because = f'because "{" ".join(statement.because.split())}"' if statement.because else ""
    written = f"```reward\n{_shortened(reading, statement)}\n```"
    return "\n\n".join(part for part in (facts, written, because) if part)


def _touches(span: Span, offset: int) -> bool:
    return span.start <= offset <= span.end


def _shortened(reading: Reading, statement: syntax.Statement) -> str:
    lines = reading.source.cut(statement.span).splitlines()
    return "\n".join([*lines[:6], *(["…"] if len(lines) > 6 else [])])


def _facts(symbol: Symbol, program: Program | None) -> str:
    """Type and range, as the last program of the file knows them."""
    name = symbol.name
    if program is None:
        return f"**{name}**"
    if symbol.space == "rule":
        if (rule := rule_named(program, name)) is not None:
            section = f" of section {rule.section}" if rule.section else ""
            return f"rule **{name}**{section}: {points(rule.range)}"
        if (section_ := section_named(program, name)) is not None:
            return f"section **{name}**: adds {points(range_of_section(program, section_))}"
        return f"**{name}**"
    if (column := program.columns.get(name)) is not None:
        original = f' ("{column.original}" in the data)' if column.original != name else ""
        return f"column **{name}**: {column.type}{original}"
    if (param := program.params.get(name)) is not None:
        return f"param **{name}**: {param.type}"
    if (let := program.lets.get(name)) is not None:
        return _of_let(let)
    return f"**{name}**"


def _of_let(let: LetDecl) -> str:
    kind = "test" if str(let.type) == "boolean" else "value"
    return f"{kind} **{let.name}**: {let.type}"


# ---------------------------------------------------------------- words that the file did not give


def _of_word(word: str, written: str, before: str) -> str | None:
    if written.startswith("<") and written.endswith(">"):
        return f"the tag **{written}**: what stands between `<{word}>` and `</{word}>`, trimmed"
    if word in BUILT_INS:
        return f"**{word}**: {BUILT_INS[word]}; {_BUILT_IN_WORDS.get(word, 'a value of every row')}"
    registry = default_registry()
    kinds: tuple[Kind, ...] = ("finder", "predicate", "measure", "equivalence", "reader")
    last = before.split()[-1:] or [""]
    if last[0] == "as":
        kinds = ("reader",)
    pages = [verifier_page(verifier) for kind in kinds if (verifier := registry.get(kind, word)) is not None]
    return pages[0] if pages else None


def _of_keyword(text: str, word: re.Match[str]) -> str | None:
    """The meaning of a word of the language; of a phrase, whichever of its words the pointer is on."""
    entries = [(first, *rest) for first, found in table().phrases.items() for _, rest in found if word[0] in (first, *rest)]
    for phrase in sorted(entries, key=len, reverse=True):
        at = phrase.index(word[0])
        before = text[max(0, word.start() - _PHRASE) : word.start()].split()
        after = text[word.end() : word.end() + _PHRASE].split()
        here = (*before[len(before) - at :], word[0], *after[: len(phrase) - at - 1])
        if here == phrase and (len(phrase) > 1 or word[0] in table().reserved):
            return f"**{' '.join(phrase)}**: {MEANINGS[' '.join(phrase)]}"
    return None


def _of_score(document: Document, offset: int) -> str | None:
    known = document.programmed()
    if known is None:
        return None
    program, moved = known
    if not _touches(moved.span(program.score.span), offset):
        return None
    score, reach = program.score, program.reachable
    how = "cut off at" if score.clamped else "promised to lie between"
    return f"the score is {how} {exact(score.low)} and {exact(score.high)}; the rules can reach {exact(reach.low)} to {exact(reach.high)}"


# ---------------------------------------------------------------- expressions and mistakes


def _of_expression(document: Document, offset: int) -> tuple[str, Span] | None:
    """The type of the smallest expression around the place, where the file is whole."""
    program = document.checked.program if document.checked is not None else None
    if program is None:
        return None
    around = [node for root in _roots(program) for node in meaning.walk(root) if _touches(node.span, offset)]
    if not around:
        return None
    smallest = min(around, key=lambda node: node.span.end - node.span.start)
    words = " ".join(program.source.cut(smallest.span).split())
    return f"`{words}`: {smallest.type}", smallest.span


def _roots(program: Program) -> Iterator[meaning.Expr]:
    from rewardlang.checking.examples import rule_expressions

    for rule in program.rules:
        yield from rule_expressions(rule)
    yield from (gate.condition for gate in program.requires)
    yield from (let.value for let in program.lets.values())
    if program.success is not None:
        yield program.success


def _page(document: Document, offset: int, code: str, span: Span, name: str) -> str | None:
    """The page of a mistake's code, without its examples."""
    if name != document.name or not _touches(span, offset):
        return None
    page = codes.page(code)
    if page is None:
        return None
    lines = [line for line in page.split("```")[0].splitlines() if not line.startswith("severity:")]
    return _EXAMPLE_HEADING.sub("### ", "\n".join(lines)).strip()
