"""The part of `check` that marks one document (`--text memo.md --with row.json`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rewardlang.commands.marking import MarkedRow, marked_rows
from rewardlang.explaining.explanation import Explanation
from rewardlang.marking.guard import VerifierBreakdown
from rewardlang.samples.problem import Problem, UsageError
from rewardlang.samples.read import Row, existing_file, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rewardlang.commands.outcome import Outcome

_WITH = "give the document's columns with --with ROW.json, one JSON object"


class Document:
    """One text as the completion of one row, in the place of a file of samples. `counted` as in `Samples`."""

    def __init__(self, name: str, row: Row) -> None:
        self.name, self.row, self.counted = name, row, "line"

    def __iter__(self) -> Iterator[Row | Problem]:
        yield self.row


def read_document(text_path: str, row_path: str | None) -> Document:
    """The document and its columns. Raises `UsageError` for what is no UTF-8 text or no JSON object."""
    text = _text(text_path)
    values: dict[str, Any] = {}
    if row_path is not None:
        try:
            found = json.loads(_text(row_path))
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{row_path} is not valid JSON: {error}") from None
        if not isinstance(found, dict):
            raise UsageError(f"{row_path} must hold one JSON object with the columns, found {kind_of(found)}")
        values = found
    record = {**values, "completion": text}
    row = Row(id=text_path, line=1, record=record, values=record, completions=(text,), several=False)
    return Document(row_path or text_path, row)


def mark_document(outcome: Outcome, document: Document, step: int) -> None:
    """Marks the document and adds its explanation, or what keeps it from being marked."""
    reward = outcome.reward
    assert reward is not None
    try:
        for item in marked_rows(reward, document, step):
            if isinstance(item, MarkedRow):
                outcome.explanations.append(("the document", Explanation(reward.program, item.marks[0], item.row.id)))
            else:
                outcome.add(item._replace(help=_WITH) if item.code == "RW606" else item)
    except VerifierBreakdown as error:
        outcome.add(Problem("RW625", "error", f"marking stopped: {error}", document.name))


def _text(path: str) -> str:
    raw = existing_file(path).read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path} is not UTF-8 text: byte 0x{raw[error.start]:02X} on line {line} cannot be read") from None
