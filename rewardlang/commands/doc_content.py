"""A reward file as a document for people who sign it: what is read, gates, rules, promises, examples, in order.

The content is made once, as headings, sentences and tables, and written as HTML
or Markdown elsewhere. Conditions stand in the words of the file, without its
comments; what is said around them comes from the checked program.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from rewardlang import meaning
from rewardlang.checking.examples import rule_expressions
from rewardlang.commands.doc_words import type_words, value_words
from rewardlang.explaining.words import exact, number, signed, verdict
from rewardlang.parsing import syntax
from rewardlang.parsing.expressions import Text
from rewardlang.parsing.syntax_from_text import tokens
from rewardlang.parsing.tree_nodes import Leaf
from rewardlang.program import Bound, Guarantee, Interval, Outweighs, Part, Program, Section
from rewardlang.source import Span

if TYPE_CHECKING:
    from rewardlang.examples import ExampleResult

_OUTCOMES = {"fired": "applies", "silent": "does not apply", "not judged": "could not be judged"}
_OPENING, _CLOSING = ("(", "["), (")", "]")
_SELECTORS: dict[str, str] = {
    "only": "exactly one; where there is none, or more than one, it is missing",
    "first": "the first one; missing where there is none",
    "last": "the last one; missing where there is none",
    "every": "all of them, in order",
    "count of": "how many there are",
    "count of distinct": "how many different ones there are",
}


class Words(str):
    """Text in the words of the file."""

    __slots__ = ()


Cell: TypeAlias = tuple[str, ...]


class Heading(NamedTuple):
    """A numbered part (level 1) or something inside of it (level 2)."""

    level: int
    text: str


class Paragraph(NamedTuple):
    """Sentences; `because` is set apart as a reason."""

    cell: Cell
    because: bool = False


class Table(NamedTuple):
    """Rows of cells under a head; the columns named in `numbers` hold numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: tuple[int, ...] = ()


class Quoted(NamedTuple):
    """What a model wrote, as it is."""

    text: str


Block: TypeAlias = Heading | Paragraph | Table | Quoted


class Document(NamedTuple):
    """A title, facts that identify the policy, and the blocks."""

    title: str
    about: str | None
    facts: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]


def document_of(program: Program, file: syntax.File, results: Sequence[ExampleResult]) -> Document:
    """The document of a file that compiled and whose examples hold."""
    facts = (
        ("Version", program.version or "none"),
        ("File", PurePath(program.source.name).name),
        ("Fingerprint", program.fingerprint),
        ("Language", f"rewardlang {file.edition}"),
    )
    return Document(program.name, program.about, facts, tuple(_Content(program, file, results).blocks()))


def _bound_words(bound: Bound) -> str:
    if bound.low is not None and bound.high is not None:
        return f"exactly {exact(bound.low)}" if bound.low == bound.high else f"between {exact(bound.low)} and {exact(bound.high)}"
    return f"at least {exact(bound.low)}" if bound.low is not None else f"at most {exact(bound.high or Fraction(0))}"


def _range(low: Fraction, high: Fraction) -> str:
    return signed(exact(low)) if low == high else f"{signed(exact(low))} to {signed(exact(high))}"


def weight_words(section: Section) -> str:
    """How a section's sum is weighted, the empty text where it counts as it is."""
    knees = section.weights
    if len(knees) == 1:
        return "" if knees[0][1] == 1 else f"The sum is multiplied by {exact(knees[0][1])}."
    told = ", then in a straight line to ".join(f"{exact(weight)} at training step {step:,}" for step, weight in knees)
    return f"The sum is multiplied by a weight: {told}; unchanged before and after."


def section_range(program: Program, section: Section) -> Interval:
    """The least and the most that a section can add, after caps, over all weights."""
    total = Interval(Fraction(0), Fraction(0))
    for rule in program.rules:
        total = total + rule.range if rule.section == section.name else total
    capped = total.clip(section.low, section.high)
    ends = [end * weight for _, weight in section.weights for end in (capped.low, capped.high)]
    return Interval(min(ends), max(ends))


class _Content:
    """Makes the blocks, part by part."""

    def __init__(self, program: Program, file: syntax.File, results: Sequence[ExampleResult]) -> None:
        self._program, self._file, self._results = program, file, results
        self._tokens: dict[str, list[Leaf]] = {}

    def blocks(self) -> Iterator[Block]:
        """Everything after the head."""
        yield from self._inputs()
        yield from self._terms()
        yield from self._gates()
        yield from self._rules()
        yield from self._score()
        yield from self._promises()
        yield from self._language()
        yield from self._examples()

    def _words(self, span: Span) -> Words:
        """The words of a span on one line, without comments."""
        source, span = self._program.source.local(span)
        if source.name not in self._tokens:
            self._tokens[source.name] = tokens(source)
        text, before = source.text, span.start
        parts: list[str] = []
        for token in self._tokens[source.name]:
            if span.start <= token.span.start and token.span.end <= span.end:
                word = " ".join(text[token.span.start : token.span.end].split())
                if parts and token.span.start > before and parts[-1] not in _OPENING and word not in _CLOSING:
                    parts.append(" ")
                parts.append(word)
                before = token.span.end
        return Words("".join(parts))

    def _because(self, span: Span) -> str:
        found = (statement.because for statement in self._file.statements if statement.span.start == span.start)
        return " ".join((next(found, None) or "").split())

    # -------------------------------------------------------- what is read

    def _inputs(self) -> Iterator[Block]:
        yield Heading(1, "What is read")
        beside = " Beside it, each row of the data gives:" if self._program.columns else " Nothing else is looked at."
        yield Paragraph((f"The completion that a model wrote is marked.{beside}",))
        rows: list[tuple[Cell, ...]] = []
        for column in self._program.columns.values():
            shown = column.name if column.name == column.original else f"{column.name} (in the data: {column.original})"
            rows.append(((shown,), (type_words(column.type),), (self._because(column.span),)))
        if rows:
            yield Table(("Name", "What it is", "Because"), tuple(rows))
        if self._program.params:
            yield Paragraph(("A training run may set these numbers within their limits:",))
            params = tuple(
                ((param.name,), (type_words(param.type),), (Words(value_words(param.default)),), (self._because(param.span),))
                for param in self._program.params.values()
            )
            yield Table(("Name", "What it is", "If not set", "Because"), params)

    def _terms(self) -> Iterator[Block]:
        kinds = (syntax.Let, syntax.ListFromFile, syntax.ListInline, syntax.PatternRegex, syntax.PatternLike, syntax.Define)
        rows = tuple(
            ((statement.name.text,), self._meaning(statement), (" ".join((statement.because or "").split()),))
            for statement in self._file.statements
            if isinstance(statement, kinds)
        )
        if rows:
            yield Heading(1, "Terms")
            yield Paragraph(("These names stand for the following wherever they are used below.",))
            yield Table(("Name", "Stands for", "Because"), rows)

    def _meaning(self, statement: syntax.Statement) -> Cell:
        match statement:
            case syntax.Let(value=value, otherwise=None):
                return (self._words(value.span),)
            case syntax.Let(value=value, otherwise=otherwise) if otherwise is not None:
                return (self._words(value.span), "; where that is missing: ", self._words(otherwise.span))
            case syntax.ListFromFile(path=path, column=column, complete_for=part):
                named = f"the entries of the file {path.value}" + (f", column {column}" if column else "")
                named += ", as they were when the fingerprint was taken"
                if part is None:
                    return (named,)
                return (f"{named}; complete for {part[0]} ", self._words(part[1].span), ", outside of which it judges nothing")
            case syntax.ListInline(items=items):
                return ("the list ", self._words(items.span))
            case syntax.PatternLike(example=example, spelling=spelling):
                return ("text like ", self._words(example.span), *self._compared(spelling))
            case syntax.PatternRegex(regex=regex, spelling=spelling):
                return ("text that matches ", self._words(regex.span), *self._compared(spelling))
            case syntax.Define(formals=formals, body=body):
                return (f"of {', '.join(formal.name.text for formal in formals)}: ", self._words(body.span))
        raise AssertionError("terms are of these kinds")

    def _compared(self, spelling: Text | None) -> Cell:
        return () if spelling is None else (", compared as ", self._words(spelling.span))

    # -------------------------------------------------------- gates and rules

    def _gates(self) -> Iterator[Block]:
        if not self._program.requires:
            return
        yield Heading(1, "Conditions that come first")
        yield Paragraph(
            ("They are looked at in this order, those that leave a row out before the others. The first that fails decides alone.",)
        )
        ordered = [gate for gate in self._program.requires if gate.score is None]
        ordered += [gate for gate in self._program.requires if gate.score is not None]
        rows: list[tuple[Cell, ...]] = []
        for gate in ordered:
            outcome = (
                "the row is left out: it is not marked at all"
                if gate.score is None
                else f"the score is {exact(gate.score)}, and no rule is read"
            )
            rows.append(((self._words(gate.condition.span),), (outcome,), (" ".join((gate.because or "").split()),)))
        yield Table(("It must hold that", "Otherwise", "Because"), tuple(rows))

    def _rules(self) -> Iterator[Block]:
        yield Heading(1, "What earns and costs points")
        yield Paragraph(("Each rule is read on its own. Where something that a rule needs is missing, its condition does not hold.",))
        for section in self._program.sections:
            reach = section_range(self._program, section)
            yield Heading(2, f"Section {section.name}" if section.name is not None else "Rules of no section")
            caps = [f"never less than {exact(section.low)}"] if section.low is not None else []
            caps += [f"never more than {exact(section.high)}"] if section.high is not None else []
            sentences = [f"The sum of the rules counts as {' and '.join(caps)}."] if caps else []
            sentences += [weight_words(section)] if weight_words(section) else []
            yield Paragraph((" ".join([*sentences, f"The section adds {_range(reach.low, reach.high)} points to the score."]),))
            if section.because:
                yield Paragraph((" ".join(section.because.split()),), because=True)
            rows = tuple(
                (
                    (rule.name,),
                    self._rule_words(rule.span),
                    (_range(rule.range.low, rule.range.high),),
                    (" ".join((rule.because or "").split()),),
                )
                for rule in self._program.rules
                if rule.section == section.name
            )
            yield Table(("Rule", "What it does", "Points", "Because"), rows, numbers=(2,))

    def _rule_words(self, span: Span) -> Cell:
        node = next(s for s in self._file.statements if isinstance(s, syntax.Rule) and s.span.start == span.start)
        words = self._words(node.body.span).removeprefix(f"{node.sign} ")
        return ("Awards " if node.sign == "award" else "Deducts ", Words(words))

    # -------------------------------------------------------- score and promises

    def _score(self) -> Iterator[Block]:
        score, reach = self._program.score, self._program.reachable
        yield Heading(1, "The score")
        sentence = f"The score is the sum of the sections. It lies between {exact(score.low)} and {exact(score.high)}"
        if score.clamped:
            sentence += f": a sum outside is cut to the nearer end (before that, {exact(reach.low)} to {exact(reach.high)} can be reached)."
        else:
            sentence += f"; the rules and conditions above can reach {exact(reach.low)} to {exact(reach.high)}."
        yield Paragraph((sentence,))
        if self._because(score.span):
            yield Paragraph((self._because(score.span),), because=True)
        if self._program.success is None:
            yield Paragraph(("The file does not say when a completion is right.",))
        else:
            yield Paragraph(
                ("A completion counts as right when ", self._words(self._program.success.span), ". This gives no points of its own.")
            )
            for statement in self._file.statements:
                if isinstance(statement, syntax.Success) and statement.because:
                    yield Paragraph((" ".join(statement.because.split()),), because=True)

    def _promises(self) -> Iterator[Block]:
        if not self._program.guarantees:
            return
        yield Heading(1, "What is guaranteed")
        yield Paragraph(("Each was proved from the rules, for every completion and every row; a file that breaks one is refused.",))
        rows = tuple((self._promise(promise), (self._because(promise.span),)) for promise in self._program.guarantees)
        yield Table(("Guarantee", "Because"), rows)

    def _promise(self, promise: Guarantee | Outweighs) -> Cell:
        if isinstance(promise, Outweighs):
            heavy, light = _part(promise.heavier), _part(promise.lighter)
            return (f"{heavy} outweighs {light}: the first at its best with the second at its worst always scores more than the reverse.",)
        if promise.condition is None:
            return (f"The score is always {_bound_words(promise.bound)}.",)
        return (f"The score is {_bound_words(promise.bound)} whenever ", self._words(promise.condition.span), ".")

    def _language(self) -> Iterator[Block]:
        """The words of the language that the file uses and that do not explain themselves."""
        program = self._program
        roots = [expression for rule in program.rules for expression in rule_expressions(rule)]
        roots += [*(gate.condition for gate in program.requires), *(let.value for let in program.lets.values())]
        roots += [program.success] if program.success is not None else []
        nodes = [node for root in roots for node in meaning.walk(root)]
        told: dict[str, str] = {node.selector: _SELECTORS[node.selector] for node in nodes if isinstance(node, meaning.Select)}
        for node in nodes:
            if isinstance(node, meaning.Outside):
                told[f"outside <{node.tag}>"] = f"the text without what stands between <{node.tag}> and </{node.tag}>"
            for verifier in meaning.verifiers(node):
                quoted = f'is "{verifier.word}"' if verifier.kind == "predicate" else verifier.word
                equal = f"equals, of {verifier.word}" if verifier.kind == "equivalence" else quoted
                told[f"as {verifier.word}" if verifier.kind == "reader" else equal] = verifier.doc.partition("\n")[0].rstrip(".")
        if told:
            yield Heading(1, "Words used")
            yield Table(("Word", "What it means"), tuple(((Words(word),), _with_words(what)) for word, what in sorted(told.items())))

    # -------------------------------------------------------- examples

    def _examples(self) -> Iterator[Block]:
        yield Heading(1, "Examples, and attempts to game it")
        if not self._results:
            yield Paragraph(("The file has none: nobody has seen it mark anything.",))
            return
        yield Paragraph(("Marked when this document was made; every expectation holds.",))
        for example, result in zip(self._program.examples, self._results, strict=True):
            yield Heading(2, f"{'Attempt' if example.kind == 'attack' else 'Example'}: {example.title}")
            if example.values:
                given = "; ".join(f"{name} = {value_words(value)}" for name, value in example.values.items())
                yield Paragraph(("Given: ", Words(given)))
            yield Quoted(example.completion)
            yield from self._marks(result)
            expected = "; ".join(self._words(expectation.span).removeprefix("expect ") for expectation in example.expectations)
            yield Paragraph(("Expected, and so it is: ", Words(expected), "."))

    def _marks(self, result: ExampleResult) -> Iterator[Block]:
        row = result.row
        right = "" if row.success is None else "; it is right" if row.success else "; it is not right"
        if row.gate is not None:
            outcome = "The row is left out" if row.score is None else f"Score {number(row.score)}"
            yield Paragraph((f"{outcome}, because this does not hold: ", Words(row.gate.words), f"{right}."))
            return
        rows = tuple(((mark.rule,), (_OUTCOMES[verdict(mark)],), (signed(exact(mark.points)),)) for mark in row.marks)
        assert row.score is not None, "a row without a gate has a score"
        total: tuple[Cell, ...] = (("score" + right,), ("",), (number(row.score),))
        yield Table(("Rule", "Outcome", "Points"), (*rows, total), numbers=(2,))


def _with_words(sentence: str) -> tuple[str, ...]:
    """The pieces of a docstring's sentence; what stands there between backticks is words of a file or of a completion."""
    pieces = enumerate(sentence.split("`"))
    return tuple(Words(piece) if index % 2 else piece for index, piece in pieces if piece)


def _part(part: Part) -> str:
    return f"{part.kind} {part.name}"
