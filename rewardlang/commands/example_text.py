"""A marked row as the text of an `example` block, in the usual layout, and the proof that it reads back as the row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rewardlang.attack.texts import looked_at
from rewardlang.parsing.text_from_syntax import format_text
from rewardlang.report.as_example import given, score_literal, text_literal
from rewardlang.source import Source

if TYPE_CHECKING:
    from rewardlang.compiled import Compiled
    from rewardlang.marks import RowMarks
    from rewardlang.reward import Reward
    from rewardlang.samples.read import Row

_HEAD = "rewardlang 1\nreward one\n"


def example_text(
    reward: Reward, row: Row, marks: RowMarks, *, kind: str, title: str, step: int, expects: Sequence[str] | None = None
) -> str:
    """The block, laid out as `fmt` does, ended by one line break. `row` has one completion; without `expects` its marks are expected."""
    lines = [f"{kind} {text_literal(title)}"]
    lines += [f"with {name} = {literal}" for name, literal in given(reward, row, looked_at(reward.program))]
    lines += [f"with step = {step}"] if step else []
    lines.append(f"model writes {text_literal(marks.completion)}")
    if expects is not None:
        lines += expects
    elif marks.score is None:
        lines.append("expect skip")
    else:
        lines.append(f"expect score = {score_literal(marks.score)}")
        lines += ["expect success" if marks.success else "expect no success"] if marks.success is not None else []
    formatted = format_text(Source("the example", _HEAD + "\n".join(lines) + "\n"))
    return formatted[formatted.index(f"\n{kind} ") + 1 :]


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
