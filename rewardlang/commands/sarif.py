"""Findings as SARIF 2.1.0, the form in which code hosts and editors take what a checker found.

Standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from rewardlang import codes
from rewardlang.errors import Diagnostic, Fix
from rewardlang.samples.problem import Problem, UsageError

if TYPE_CHECKING:
    from rewardlang.source import Source, Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def write_sarif(path: str, findings: Sequence[Diagnostic | Problem], unshown: int) -> None:
    """Writes the log whole or not at all; `unshown` counts the findings that are not in it. Raises `UsageError`."""
    from rewardlang.whole_file import whole

    text = json.dumps(sarif_of(findings, unshown), ensure_ascii=False, indent=2) + "\n"
    try:
        with whole(Path(path)) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def sarif_of(findings: Sequence[Diagnostic | Problem], unshown: int = 0) -> dict[str, Any]:
    """The log: one run, a rule for each code that was found, a result for each finding."""
    from rewardlang import __version__

    ids = sorted({finding.code for finding in findings})
    invocation: dict[str, Any] = {"executionSuccessful": True}
    if unshown:
        told = {"text": f"{unshown} more problems like these in the samples are not listed"}
        invocation["toolExecutionNotifications"] = [{"level": "warning", "message": told}]
    driver = {"name": "rewardlang", "version": __version__, "rules": [_rule(code) for code in ids]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": [_result(finding, ids.index(finding.code)) for finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, Any]:
    """A code with its title and its page, without the two lines at the top of the page."""
    page = (codes.page(code) or "").partition("\nseverity:")[2].partition("\n")[2].strip()
    return {
        "id": code,
        "shortDescription": {"text": codes.title(code)},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": codes.severity(code)},
    }


def _result(finding: Diagnostic | Problem, index: int) -> dict[str, Any]:
    text = finding.message + (f"\nHelp: {finding.help}" if finding.help else "")
    result: dict[str, Any] = {"ruleId": finding.code, "ruleIndex": index, "level": finding.severity, "message": {"text": text}}
    if isinstance(finding, Problem):
        result["locations"] = _row_location(finding)
        return result
    result["locations"] = [{"physicalLocation": _location(finding.source, finding.span)}]
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _location(other.source or finding.source, other.span), "message": {"text": other.message}}
            for number, other in enumerate(finding.related, start=1)
        ]
    if finding.fix is not None:
        result["fixes"] = [_fix(finding.source, finding.fix)]
    return result


def _fix(source: Source, fix: Fix) -> dict[str, Any]:
    replacements = [{"deletedRegion": _location(source, edit.span)["region"], "insertedContent": {"text": edit.text}} for edit in fix.edits]
    changes = [{"artifactLocation": {"uri": _uri(source.name)}, "replacements": replacements}]
    return {"description": {"text": fix.title}, "artifactChanges": changes}


def _location(source: Source, span: Span) -> dict[str, Any]:
    start, end = source.position(span.start), source.position(max(span.start, span.end))
    region = {"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column}
    return {"artifactLocation": {"uri": _uri(source.name)}, "region": region}


def _row_location(problem: Problem) -> list[dict[str, Any]]:
    """The line of a text; a table has no lines, and standard input no address."""
    if not Path(problem.file).is_file():
        return []
    location: dict[str, Any] = {"artifactLocation": {"uri": _uri(problem.file)}}
    if problem.line is not None and problem.counted == "line":
        location["region"] = {"startLine": problem.line}
    return [{"physicalLocation": location}]


def _uri(path: str) -> str:
    """A relative reference for a relative path, so that a code host finds the file in the repository."""
    file = Path(path)
    return file.as_uri() if file.is_absolute() else quote(file.as_posix())
