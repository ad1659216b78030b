"""What `check --fix` changes: mistakes of which nothing else can have been meant, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rewardlang.samples.problem import UsageError

if TYPE_CHECKING:
    from rewardlang.compiled import Compiled
    from rewardlang.errors import Diagnostic

_MOST_ROUNDS = 20


class Applied(NamedTuple):
    """A fix that was applied, and the mistake that it was for; its place is in the text as it was then."""

    finding: Diagnostic

    def __str__(self) -> str:
        place = self.finding.source.position(self.finding.span.start)
        title = self.finding.fix.title if self.finding.fix is not None else ""
        return f"fixed {self.finding.source.name}:{place.line}:{place.column}: {title} ({self.finding.code}: {self.finding.message})"


def safe_fixes(compiled: Compiled) -> list[Diagnostic]:
    """The findings of the file itself that have a safe fix, in order."""
    return [d for d in compiled.diagnostics if d.fix is not None and d.fix.safe and d.source.name == compiled.source.name]


def fix_file(path: str) -> list[Applied]:
    """Applies the safe fixes, then those for what shows once these are applied; writes the file if it changed.

    A file that has a program keeps one, with the same rules and range of the
    score: a fix that would change that is not applied. Raises `UsageError` where the file cannot be written.
    """
    from rewardlang.compiled import compile_path, compile_text

    compiled = compile_path(path)
    before, applied = compiled, []
    for _ in range(_MOST_ROUNDS):
        chosen = _apart(safe_fixes(compiled))
        if not chosen:
            break
        text = edited(compiled.source.text, chosen)
        after = compile_text(text, name=before.source.name, folder=before.folder, registry=before.registry)
        if not _keeps(compiled, after):
            break
        applied += [Applied(finding) for finding in chosen]
        compiled = after
    if applied:
        _write(path, compiled.source.text)
    return applied


def edited(text: str, findings: Iterable[Diagnostic]) -> str:
    """The text with the edits of the findings' fixes, which do not overlap."""
    edits = [edit for finding in findings if finding.fix is not None for edit in finding.fix.edits]
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def _apart(findings: list[Diagnostic]) -> list[Diagnostic]:
    """Findings whose fixes can be applied together: of two that touch one another, the first."""
    chosen: list[Diagnostic] = []
    taken: list[tuple[int, int]] = []
    for finding in findings:
        spans = [edit.span for edit in finding.fix.edits] if finding.fix is not None else []
        if all(span.end < start or end < span.start for span in spans for start, end in taken):
            chosen.append(finding)
            taken += spans
    return chosen


def _keeps(before: Compiled, after: Compiled) -> bool:
    """Whether a file that could be used can still be, and says the same about its score."""
    if before.program is None:
        return True
    old, new = before.program, after.program
    return new is not None and old.reachable == new.reachable and [r.range for r in old.rules] == [r.range for r in new.rules]


def _write(path: str, text: str) -> None:
    from rewardlang.whole_file import whole

    try:
        with whole(Path(path)) as temporary:
            temporary.write_bytes(text.encode("utf-8"))
            temporary.chmod(Path(path).stat().st_mode)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
