r"""The case pages of the verifiers: Markdown that is read by people and run by `test_pages.py`.

A case is a fenced block. Its first line names the verifier and its options; then comes what it is given, then `---`, then what it
says. A finder or a predicate is given one text; the others one row a line, arguments separated by ` :: `, lists as JSON.

    ```finder word
    Two words.
    ---
    0-3 Two
    4-9 words
    ```

The part below `---` is written by `pytest tests/verifiers --update-verdicts`, and checked by whoever commits it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from rewardlang import types
from rewardlang.answers.values import Answer
from rewardlang.registry import Registry, default_registry
from rewardlang.verdict import Finding, Missing, Refused, Verdict
from rewardlang.verifier import Verifier

FOLDER = Path(__file__).parent
_BLOCK = re.compile(r"^```(finder|predicate|measure|equivalence|reader) (\w+)([^\n]*)\n(.*?)\n?---\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_OPTION = re.compile(r"(\w+)=(\{.*\}|\[.*?\]|\"[^\"]*\"|[^\s]+)")


@dataclass(frozen=True)
class Case:
    """One block: the verifier, its options, the given text, the verdict as written, and the offsets of the verdict in the page."""

    kind: str
    word: str
    options: dict[str, Any]
    given: str
    verdict: str
    span: tuple[int, int]

    def verifier(self, registry: Registry) -> Verifier:
        """The verifier that the first line names."""
        found = registry.get(self.kind, self.word)  # type: ignore[arg-type]
        assert found is not None, f"there is no {self.kind} '{self.word}'"
        return found

    def said(self) -> str:
        """What the verifier says now, as the page writes it."""
        verifier = self.verifier(default_registry())
        if self.kind in ("finder", "predicate"):
            rows: list[tuple[Any, ...]] = [(self.given,)]
        else:
            rows = [_arguments(line, verifier) for line in self.given.splitlines()]
        columns = list(zip(*rows, strict=True))
        return "".join(f"{line}\n" for result in verifier(*columns, **self.options) for line in _lines(result, self.given))


def cases_of(page: Path) -> list[Case]:
    """The cases of a page, in order."""
    cases = []
    for match in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        options = {name: _option(json.loads(value)) for name, value in _OPTION.findall(match[3])}
        cases.append(Case(match[1], match[2], options, match[4], match[5], match.span(5)))
    return cases


def _option(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):  # a text that is JSON, such as a schema
        return json.dumps(value)
    return Fraction(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _arguments(line: str, verifier: Verifier) -> tuple[Any, ...]:
    parts = [part.strip() for part in line.split("::")]
    assert len(parts) == len(verifier.parameters), f"{verifier.word} takes {len(verifier.parameters)} arguments: {line}"
    return tuple(_argument(part, of) for part, (_, of) in zip(parts, verifier.parameters, strict=True))


def _argument(text: str, of: types.Type) -> Any:
    if isinstance(of, types.NumberType):
        return Fraction(text)
    if isinstance(of, types.MathType):
        read = default_registry().get("reader", "math")
        assert read is not None
        answer = read([text])[0]
        assert isinstance(answer, Answer), f"{text}: {answer}"
        return answer
    if isinstance(of, types.ListType):
        return tuple(Fraction(item) if of.item == types.NUMBER else item for item in json.loads(text))
    return text


def _lines(result: Any, given: str) -> list[str]:
    """The result of one row, in one line; of a finder one line a finding."""
    if isinstance(result, list):
        return [_finding(finding, given) for finding in result] or ["nothing"]
    if isinstance(result, Verdict):
        word = {True: "yes", False: "no", None: "cannot judge"}[result.holds]
        return [f"{word}: {result.reason}" if result.reason else word]
    if isinstance(result, Missing):
        return [f"missing: {result.reason}"]
    if isinstance(result, Refused):
        return [f"refused: {result.reason}"]
    return [f"read as {type(result.value).__name__.rstrip('_').lower()}"] if isinstance(result, Answer) else [str(result)]


def _finding(finding: Finding[Any], given: str) -> str:
    covered = given[finding.start : finding.end]
    shown = covered.replace("\n", "⏎")
    value = "" if finding.value == covered else f" = {finding.value}"
    return f"{finding.start}-{finding.end} {shown}{value}{f' ({finding.note})' if finding.note else ''}"
