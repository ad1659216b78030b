"""The rows of a report as plain data for its script; texts that recur are kept once.

Without texts, a row keeps its place in the files, its numbers and its verdicts;
ids, reasons, notes and messages are left out too, since they quote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rewardlang.attack.texts import looked_at
from rewardlang.explaining.words import exact, how_section_sums, number, verdict
from rewardlang.parsing.text_limits import MAX_LENGTH
from rewardlang.report.as_example import given, not_in_a_text, score_literal
from rewardlang.report.collect import Collected, Kept
from rewardlang.scoring.rows_in_batches import alone

if TYPE_CHECKING:
    from rewardlang.marks import Gate, Mark
    from rewardlang.samples.read import Row

_LONGEST = 20_000
_HALF = re.compile("[\ud800-\udfff]")
_VERDICTS = {"silent": 0, "fired": 1, "not judged": 2}
_OF_EVERY_ROW = ("system", "truncated", "completion_tokens")


def data_of(collected: Collected, kept: Sequence[Kept], *, with_text: bool) -> dict[str, Any]:
    """Everything that the script of the page reads."""
    return _Data(collected, with_text=with_text).data(kept)


class _Data:
    def __init__(self, collected: Collected, *, with_text: bool) -> None:
        self._collected, self._with_text = collected, with_text
        self._looked = looked_at(collected.reward.program)
        self._strings: dict[str, int] = {}
        self._files: dict[str, int] = {}

    def data(self, kept: Sequence[Kept]) -> dict[str, Any]:
        program = self._collected.reward.program
        rows = [self._row(one) for one in kept]
        return {
            "rules": [
                {"name": rule.name, "line": program.source.position(rule.span.start).line, "because": rule.because}
                for rule in program.rules
            ],
            "range": [exact(program.score.low), exact(program.score.high)],
            "success": program.success is not None,
            "columns": [column.original for column in program.columns.values()],
            "step": self._collected.step,
            "withText": self._with_text,
            "files": list(self._files),
            "strings": list(self._strings),
            "rows": rows,
        }

    def _row(self, kept: Kept) -> dict[str, Any]:
        marks, row = kept.marks, alone(kept.row, kept.completion - 1)
        names = [rule.name for rule in self._collected.rules]
        given = {mark.rule: mark for mark in marks.marks}
        failures = [f"{failure.verifier} {'broke' if failure.broke else 'refused'}" for failure in marks.failures]
        if self._with_text:
            failures = [_whole(f"{told}: {failure.reason}") for told, failure in zip(failures, marks.failures, strict=True)]
        return {
            "number": kept.number,
            "file": self._files.setdefault(kept.file, len(self._files)),
            "id": _whole(row.id) if self._with_text else None,
            "line": row.line,
            "completion": kept.completion,
            "of": len(kept.row.completions),
            "score": marks.score,
            "right": marks.success,
            "text": _whole(marks.completion) if self._with_text else None,
            "prompt": self._prompt(row.values.get("prompt")),
            "columns": self._columns(row.values),
            **self._example(row, kept),
            "gate": self._gate(marks.gate),
            "marks": [self._mark(given[name]) for name in names] if given else [],
            "sections": [[section.section, number(section.points), how_section_sums(section)] for section in marks.sections],
            "clamping": number(marks.clamping) if marks.clamping else "",
            "failures": failures,
        }

    def _example(self, row: Row, kept: Kept) -> dict[str, Any]:
        """What an `example` of the row gives and expects, or why the language cannot hold one."""
        if not self._with_text:
            return {}
        literals = list(given(self._collected.reward, row, self._looked))
        texts = [kept.marks.completion, *(literal for _, literal in literals)]
        character = next((found for text in texts if (found := not_in_a_text(text))), None)
        if character is not None:
            return {"no_example": f"No example can be written of this row: the character {character} cannot stand in a file."}
        if sum(len(text) for text in texts) > MAX_LENGTH:
            return {"no_example": f"No example can be written of this row: it is longer than a file may be, {MAX_LENGTH:,} characters."}
        expected = None if kept.marks.score is None else score_literal(kept.marks.score)
        return {"given": [[name, self._literal(literal)] for name, literal in literals], "expected": expected}

    def _mark(self, mark: Mark) -> dict[str, Any]:
        told = self._with_text
        return {
            "points": exact(mark.points),
            "fired": _VERDICTS[verdict(mark)],
            "reason": self._string(mark.reason) if told else None,
            "shown": [[self._string(shown.words), self._string(shown.value)] for shown in mark.shown] if told else [],
            "places": [[place.start, place.end, self._string(place.note)] for place in mark.places] if told else [],
        }

    def _gate(self, gate: Gate | None) -> list[int | None] | None:
        if gate is None:
            return None
        reason = self._string(gate.reason) if self._with_text else None
        return [self._string(gate.words), reason, self._string(gate.because or "")]

    def _prompt(self, prompt: Any) -> int | None:
        """The number of its text: of a chat each message behind its role."""
        if not self._with_text or prompt is None:
            return None
        if isinstance(prompt, str):
            return self._string(prompt)
        messages = [message for message in prompt if isinstance(message, dict)] if isinstance(prompt, list) else []
        return self._string("\n\n".join(f"{message.get('role')}: {message.get('content')}" for message in messages))

    def _columns(self, values: Any) -> dict[str, Any]:
        if not self._with_text:
            return {}
        wanted = [*(column.original for column in self._collected.reward.program.columns.values()), *_OF_EVERY_ROW]
        return {name: _plain(values[name]) for name in wanted if values.get(name) is not None}

    def _string(self, text: str) -> int:
        return self._literal(_whole(text[:_LONGEST]))

    def _literal(self, text: str) -> int:
        """A text by its number, whatever its length."""
        return self._strings.setdefault(text, len(self._strings))


def _plain(value: Any) -> Any:
    """A value that JSON has; anything else, such as a date of a spreadsheet, as its text."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not -1e308 < value < 1e308:
        return str(value)
    return value if isinstance(value, int | float | bool) or value is None else _whole(str(value))


def _whole(text: str) -> str:
    """Half a character of UTF-16, which no page can hold, as U+FFFD; places keep their numbers."""
    return text if text.isascii() else _HALF.sub("\ufffd", text)
