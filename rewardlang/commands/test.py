"""`rewardlang test`: the examples and attacks that stand in reward files."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from rewardlang.commands import shared

if TYPE_CHECKING:
    from rewardlang.examples import ExampleResult

DESCRIPTION = """
Runs every example and attack that stands in the files. A file without any fails, because nobody has seen it mark
anything; --allow-none lets it pass.
"""
EXAMPLE = """
rewardlang test math.reward memo.reward
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `test`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="the .reward files")
    parser.add_argument("--allow-none", action="store_true", help="a file without examples passes")
    parser.add_argument("--json", action="store_true", help="a list with one JSON object a file: file, ok, findings, examples")


def run(arguments: argparse.Namespace) -> int:
    """Runs file by file; a file that does not compile fails."""
    from rewardlang.samples import existing_file

    for path in arguments.files:
        existing_file(path)
    reports = [_test(path, allow_none=arguments.allow_none, quiet=arguments.json) for path in arguments.files]
    if arguments.json:
        shared.print_json(reports)
    elif len(reports) > 1:
        failed = [report["file"] for report in reports if not report["ok"]]
        print(f"{shared.counted(len(reports), 'file')}: {'all pass' if not failed else 'failed: ' + ', '.join(failed)}")
    return 0 if all(report["ok"] for report in reports) else 1


def _test(path: str, *, allow_none: bool, quiet: bool) -> dict[str, Any]:
    """One file, printed as it goes; the report as plain data."""
    compiled = shared.compile_file(path)
    results: tuple[ExampleResult, ...] = ()
    if compiled.program is not None:
        from rewardlang.reward import Reward

        results = Reward(compiled).run_examples()
    failures = [failure for result in results for failure in result.failures]
    ok = compiled.program is not None and not failures and (bool(results) or allow_none)
    if not quiet:
        _print(path, results, allow_none=allow_none, compiled=compiled.program is not None)
        shared.print_findings([*compiled.errors, *failures])
    return {
        "file": path,
        "ok": ok,
        "findings": [finding.to_json() for finding in (*compiled.errors, *failures)],
        "examples": [
            {
                "kind": result.kind,
                "title": result.title,
                "line": compiled.source.position(result.span.start).line,
                "ok": not result.failures,
                "score": result.row.score,
            }
            for result in results
        ],
    }


def _print(path: str, results: tuple[ExampleResult, ...], *, allow_none: bool, compiled: bool) -> None:
    paint = shared.paint()
    print(paint("bold", path))
    for result in results:
        verdict = paint("bad", "FAILED") if result.failures else paint("good", "ok    ")
        print(f'  {verdict}  {result.kind} "{result.title}"')
    if not compiled:
        print("  the file has errors, so no example was run")
    elif not results:
        print("  no example in the file" + ("" if allow_none else ": nobody has seen it mark anything (--allow-none lets it pass)"))
    else:
        failed = sum(bool(result.failures) for result in results)
        print(f"  {shared.counted(len(results), 'example')}, {f'{failed} failed' if failed else 'all hold'}")
    print()
