"""The mistakes of a file as an editor shows them, and the edits that repair them."""

from __future__ import annotations

import re
from pathlib import Path

from lsprotocol import types as lsp
from pygls.uris import from_fs_path

from rewardlang.editor.document import Document
from rewardlang.errors import Diagnostic, Edit
from rewardlang.parsing import syntax
from rewardlang.source import Source, Span

_SEVERITIES = {"error": lsp.DiagnosticSeverity.Error, "warning": lsp.DiagnosticSeverity.Warning}
_UNUSED = frozenset(("RW203", "RW208"))  # editors grey these out
_MEANT = re.compile(r"did you mean ((?:'[^'\n]+'(?:, | or )?)+)\?")
LOCK = "rewardlang.lock"
"""The command that writes the lock of a file anew."""
_WORDS = re.compile(r"[^\W\d]\w*(?:[ .-]\w+)*")


def findings(document: Document) -> list[Diagnostic]:
    """What is known to be wrong: all of it once the text is checked; before, the mistakes of syntax and what was known of the rest."""
    checked = document.checked
    found = [*document.syntax_mistakes(), *document.still_told()] if checked is None else list(checked.diagnostics)
    return found + [failure for result in document.results.values() for failure in result.failures]


def diagnostics(document: Document) -> list[lsp.Diagnostic]:
    """The findings with their places in this file; one in a file that this one imports is told at the import."""
    return [_shown(document, finding) for finding in findings(document)]


def _shown(document: Document, finding: Diagnostic) -> lsp.Diagnostic:
    span, message = finding.span, finding.message
    if finding.source.name != document.name:
        message = f"{finding.source.name}, line {finding.source.position(finding.span.start).line}: {message}"
        span = _import_of(document, finding.source)
    if finding.help:
        message += f"\n{finding.help}"
    return lsp.Diagnostic(
        range=document.lines.range(Span(span.start, max(span.end, span.start + 1))),
        message=message,
        severity=_SEVERITIES[finding.severity],
        code=finding.code,
        source="rewardlang",
        tags=[lsp.DiagnosticTag.Unnecessary] if finding.code in _UNUSED else None,
        related_information=_related(document, finding) or None,
    )


def _related(document: Document, finding: Diagnostic) -> list[lsp.DiagnosticRelatedInformation]:
    here = [other for other in finding.related if other.source is None or other.source.name == document.name]
    if finding.source.name != document.name:
        return []
    return [
        lsp.DiagnosticRelatedInformation(lsp.Location(document.uri, document.lines.range(other.span)), other.message or "here")
        for other in here
    ]


def _import_of(document: Document, source: Source) -> Span:
    """The statement that brings a file in, or the beginning where none names it."""
    statements = document.now.file.statements if document.now is not None else ()
    imports = [statement for statement in statements if isinstance(statement, syntax.Import)]
    named = [statement for statement in imports if Path(statement.path.value).name == Path(source.name).name]
    return (named or imports)[0].path.span if imports else Span(0, 1)


def replacements(finding: Diagnostic) -> tuple[str, ...]:
    """What the place of a finding may have been meant to say; empty where the help names nothing that could stand there."""
    meant = _MEANT.search(finding.help or "")
    if meant is None or not _WORDS.fullmatch(finding.source.cut(finding.span)):
        return ()
    return tuple(re.findall(r"'([^']+)'", meant[1]))


def quick_fixes(document: Document, asked: Span) -> list[lsp.CodeAction]:
    """The repairs of the findings that touch a place."""
    actions = []
    for finding in findings(document):
        if finding.source.name != document.name or finding.span.start > asked.end or finding.span.end < asked.start:
            continue
        if finding.fix is not None:
            actions.append(_action(document, finding, finding.fix.title, finding.fix.edits, preferred=True))
        if finding.code == "RW711":
            actions.append(_relock(document, finding))
        offered = [] if finding.fix is None else [edit.text for edit in finding.fix.edits]
        words = [word for word in replacements(finding) if word not in offered]
        alone = len(words) == 1 and finding.fix is None
        actions += [_action(document, finding, f"write '{word}'", (Edit(finding.span, word),), preferred=alone) for word in words]
    return actions


def _relock(document: Document, finding: Diagnostic) -> lsp.CodeAction:
    title = "this is meant: write rewardlang.lock anew"
    command = lsp.Command(title, LOCK, arguments=[document.uri])
    return lsp.CodeAction(title, kind=lsp.CodeActionKind.QuickFix, diagnostics=[_shown(document, finding)], command=command)


def _action(document: Document, finding: Diagnostic, title: str, edits: tuple[Edit, ...], *, preferred: bool) -> lsp.CodeAction:
    changes = [lsp.TextEdit(document.lines.range(edit.span), edit.text) for edit in edits]
    return lsp.CodeAction(
        title=title,
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=[_shown(document, finding)],
        is_preferred=preferred,
        edit=lsp.WorkspaceEdit(changes={document.uri: changes}),
    )


def uri_of(path: str) -> str:
    """The address of a file."""
    return from_fs_path(str(Path(path).resolve())) or path
