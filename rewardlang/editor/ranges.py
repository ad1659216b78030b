"""What a file promises, beside its lines: the points of rules and sections, the range of the score, and examples to run."""

from __future__ import annotations

from lsprotocol import types as lsp

from rewardlang.checking.rules import section_range
from rewardlang.editor.document import Document
from rewardlang.examples import ExampleResult, run_program_examples
from rewardlang.explaining.words import exact, number
from rewardlang.parsing import syntax
from rewardlang.program import Interval, Program, Rule, Section
from rewardlang.registry import default_registry
from rewardlang.source import Span

RUN = "rewardlang.runExample"


def points(range_: Interval) -> str:
    """`0 to 2 points`."""
    return f"{exact(range_.low)} to {exact(range_.high)} points"


def range_of_section(program: Program, section: Section) -> Interval:
    """The least and the most that a section adds to the score."""
    return section_range(section, [rule for rule in program.rules if rule.section == section.name])


def inlay_hints(document: Document, asked: Span) -> list[lsp.InlayHint]:
    """The range behind the first line of each rule and section, and behind `score` what the rules can reach."""
    known = document.programmed()
    if known is None:
        return []
    program, moved = known
    told: list[tuple[Span, str]] = [(rule.span, points(rule.range)) for rule in program.rules]
    told += [(section.span, points(range_of_section(program, section))) for section in program.sections if section.name is not None]
    reachable = program.reachable
    told.append((program.score.span, f"reachable: {exact(reachable.low)} to {exact(reachable.high)}"))
    hints = []
    for span, words in told:
        start = moved.span(span).start
        if program.source.local(span)[0] is not program.source or not asked.start <= start <= asked.end:
            continue
        place = document.lines.position(document.lines.line_end(start))
        hints.append(lsp.InlayHint(place, words, padding_left=True))
    return hints


def lenses(document: Document) -> list[lsp.CodeLens]:
    """Above each example and attack: run it, or what came of it."""
    read = document.reading()
    if read is None:
        return []
    reading, moved = read
    examples = [node for node in reading.file.statements if isinstance(node, syntax.Example)]
    found = []
    for node in examples:
        title = node.title.value
        result = document.results.get(title)
        words = f"run this {node.kind}" if result is None else outcome(result)
        command = lsp.Command(words, RUN, arguments=[document.uri, title])
        found.append(lsp.CodeLens(document.lines.range(moved.span(Span(node.span.start, node.title.span.end))), command))
    return found


def outcome(result: ExampleResult) -> str:
    """What came of an example, in one line."""
    score = "the row is skipped" if result.row.score is None else f"score {number(result.row.score)}"
    if not result.failures:
        return f"✓ holds: {score}"
    return f"✗ fails: {score}; {result.failures[0].message.partition(': ')[2] or result.failures[0].message}"


def run_example(program: Program, title: str) -> ExampleResult | None:
    """Marks one example of a program. Functions of Python that its rules call are run."""
    from rewardlang.record import replaced

    chosen = tuple(example for example in program.examples if example.title == title)
    return next(iter(run_program_examples(replaced(program, examples=chosen[:1]), default_registry())), None)


def rule_named(program: Program, name: str) -> Rule | None:
    """A rule by name."""
    return next((rule for rule in program.rules if rule.name == name), None)


def section_named(program: Program, name: str) -> Section | None:
    """A section by name."""
    return next((section for section in program.sections if section.name == name), None)
