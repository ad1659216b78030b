"""A marked row as the text of an `example` block, in the usual layout, and the proof that it reads back as the row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rewardlang.attack.texts import looked_at
from rewardlang.explaining.words import exact
from rewardlang.marking.intake import rows_from_data
from rewardlang.marking.piece import Piece
from rewardlang.parsing.text_from_syntax import format_text
from rewardlang.source import Source
from rewardlang.verdict import Missing

if TYPE_CHECKING:
    from rewardlang.compiled import Compiled
    from rewardlang.marks import RowMarks
    from rewardlang.reward import Reward
    from rewardlang.samples.read import Row

_PLACES = 9
_HEAD = "rewardlang 1\nreward one\n"


def example_text(
    reward: Reward, row: Row, marks: RowMarks, *, kind: str, title: str, step: int, expects: Sequence[str] | None = None
) -> str:
    """The block, laid out as `fmt` does, ended by one line break. `row` has one completion; without `expects` its marks are expected."""
    lines = [f"{kind} {text_literal(title)}"]
    lines += [f"with {name} = {literal}" for name, literal in _given(reward, row)]
    lines += [f"with step = {step}"] if step else []
    lines.append(f"model writes {text_literal(marks.completion)}")
    if expects is not None:
        lines += expects
    elif marks.score is None:
        lines.append("expect skip")
    else:
        lines.append(f"expect score = {exact(Fraction(repr(round(marks.score, _PLACES))))}")
        lines += ["expect success" if marks.success else "expect no success"] if marks.success is not None else []
    formatted = format_text(Source("the example", _HEAD + "\n".join(lines) + "\n"))
    return formatted[formatted.index(f"\n{kind} ") + 1 :]


def _given(reward: Reward, row: Row) -> Iterator[tuple[str, str]]:
    """The columns of the row that have a value, and of what every row has (prompt, …) what the file looks at."""
    program = reward.program
    raw = {column.original: row.values.get(column.original) for column in program.columns.values()}
    extra = {name: row.values[name] for name in ("truncated", "completion_tokens", "system") if row.values.get(name) is not None}
    columns = {name: [value] for name, value in {**extra, **raw}.items()}
    (intake,) = rows_from_data(program, reward.registry, row.completions, [row.values.get("prompt")], columns)
    for name, column in program.columns.items():
        if not isinstance(intake.given[name], Missing):
            yield name, _literal(intake.given[name], raw[column.original])
    for name in ("prompt", "system", "truncated", "completion_tokens"):
        if name in looked_at(program) and not isinstance(intake.given[name], Missing):
            yield name, _literal(intake.given[name], row.values.get(name))


def _literal(value: Any, raw: Any) -> str:
    """A value as the language writes it; one that has no literal of its own (mathematics) as the text that the row holds."""
    match value:
        case Piece(text=text):
            return text_literal(text)
        case str():
            return text_literal(value)
        case bool():
            return "true" if value else "false"
        case Fraction():
            return exact(value)
        case tuple():
            return f"[{', '.join(_literal(item, item) for item in value)}]"
    return text_literal(raw if isinstance(raw, str) else str(raw))


def text_literal(text: str) -> str:
    """A text in quotation marks: over several lines as it is where that is possible, else with its escapes."""
    if "\n" in text and '"""' not in text and not text.endswith('"') and "\r" not in text:
        return f'"""{text}"""'
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def reads_back(text: str, compiled: Compiled, marks: RowMarks, title: str) -> str | None:
    """What keeps the file with the example from meaning the same, or None when it does."""
    from rewardlang.compiled import compile_text
    from rewardlang.examples import run_program_examples

    again = compile_text(text, name=compiled.source.name, folder=compiled.folder, registry=compiled.registry)
    if again.program is None:
        return again.errors[0].message
    result = run_program_examples(again.program, again.registry)[-1]
    if result.row.completion != marks.completion or result.title != title:
        return "its text does not survive being written into a file"
    same = result.row.score == marks.score and [mark.points for mark in result.row.marks] == [mark.points for mark in marks.marks]
    return None if same and not result.failures else "it is marked otherwise when it stands in the file"
