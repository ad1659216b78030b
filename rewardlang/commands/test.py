"""`rewardlang test`: the examples and attacks that stand in reward files."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from rewardlang.commands import shared
from rewardlang.samples.problem import UsageError
from rewardlang.terminal_text import clip, listed, safe, wrap

if TYPE_CHECKING:
    from rewardlang.coverage import Coverage
    from rewardlang.examples import ExampleResult
    from rewardlang.program import Require
    from rewardlang.source import Source

DESCRIPTION = """
Runs every example and attack that stands in the files. A file without any fails, because nobody has seen it mark
anything; --allow-none lets it pass.

With --coverage a table follows: in how many examples each rule fired and was silent, how many each require stopped, and
what no example has shown yet. An example that does not give a column which a rule looks at does not count for that rule.

With --json it prints a list with one object a file: file, ok, findings, examples (kind, title, line, ok, score) and
coverage, which is null without --coverage and else holds complete, rules (rule, line, fired, silent, lacks: some of fires,
silent, else) and requires (words, line, stopped).
"""
EXAMPLE = """
rewardlang test math.reward memo.reward
rewardlang test --coverage --strict math.reward
"""

_NEVER = {
    "fires": "no example makes these fire",
    "silent": "no example leaves these silent",
    "else": "no example comes to the else of",
    "stops": "no example is stopped by",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `test`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="the .reward files")
    parser.add_argument("--allow-none", action="store_true", help="a file without examples passes")
    parser.add_argument("--coverage", action="store_true", help="what no example has shown: rules that fire, and are silent")
    parser.add_argument("--strict", action="store_true", help="with --coverage: what is not covered counts, exit code 1")
    parser.add_argument("--json", action="store_true", help="a list with one JSON object a file: file, ok, findings, examples, coverage")


def run(arguments: argparse.Namespace) -> int:
    """Runs file by file; a file that does not compile fails."""
    from rewardlang.samples.read import existing_file

    if arguments.strict and not arguments.coverage:
        raise UsageError("--strict says that what is not covered counts; give it with --coverage")
    for path in arguments.files:
        existing_file(path)
    reports = [_test(path, arguments) for path in arguments.files]
    if arguments.json:
        shared.print_json(reports)
    elif len(reports) > 1:
        failed = [report["file"] for report in reports if not report["ok"]]
        print(f"{shared.counted(len(reports), 'file')}: {'all pass' if not failed else 'failed: ' + ', '.join(failed)}")
    return 0 if all(report["ok"] for report in reports) else 1


def _test(path: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """One file, printed as it goes; the report as plain data."""
    compiled = shared.compile_file(path)
    results: tuple[ExampleResult, ...] = ()
    coverage = None
    if compiled.program is not None:
        from rewardlang.reward import Reward

        results = Reward(compiled).run_examples()
        if arguments.coverage:
            from rewardlang.coverage import coverage_of

            coverage = coverage_of(compiled.program, results)
    failures = [failure for result in results for failure in result.failures]
    ok = compiled.program is not None and not failures and (bool(results) or arguments.allow_none)
    ok = ok and not (arguments.strict and coverage is not None and not coverage.complete)
    if not arguments.json:
        _print(path, results, allow_none=arguments.allow_none, compiled=compiled.program is not None)
        if coverage is not None and results:
            _print_coverage(coverage, compiled.source)
        shared.print_findings([*compiled.errors, *compiled.not_as_locked, *failures])
    return {
        "file": path,
        "ok": ok,
        "findings": [finding.to_json() for finding in (*compiled.errors, *compiled.not_as_locked, *failures)],
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
        "coverage": _coverage_json(coverage, compiled.source) if coverage is not None else None,
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


def _print_coverage(coverage: Coverage, source: Source) -> None:
    """The table of rules, a line for each gate, and what is left to show."""
    from rewardlang.commands.table import table

    paint, width = shared.paint(), shared.width()
    rows = [[entry.rule.name, str(entry.fired), str(entry.silent), "" if entry.lacks else "yes"] for entry in coverage.rules]
    for line in table(["rule", "fired", "silent", "covered"], rows, numbers=3, width=width, paint=paint):
        print(f"  {line}")
    for gate in coverage.gates:
        place = f"line {source.position(gate.require.span.start).line}"
        stopped = shared.counted(gate.stopped, "example") if gate.stopped else "no example"
        print(clip(f"  {place} stopped {stopped}: {safe(_words(gate.require, source))}", width))
    if coverage.complete:
        print("  every rule has fired and been silent, and every require has stopped an example\n")
        return
    lacking = [(word, entry.rule.name) for entry in coverage.rules for word in entry.lacks]
    lacking += [("stops", f"line {source.position(gate.require.span.start).line}") for gate in coverage.gates if not gate.stopped]
    for word, told in _NEVER.items():
        names = [name for lack, name in lacking if lack == word]
        for line in wrap(f"{told}: {listed(names, most=len(names))}", width - 2) if names else ():
            print("  " + paint("warning", line))
    print()


def _words(require: Require, source: Source) -> str:
    return " ".join(source.cut(require.span).split())


def _coverage_json(coverage: Coverage, source: Source) -> dict[str, Any]:
    return {
        "complete": coverage.complete,
        "rules": [
            {
                "rule": entry.rule.name,
                "line": source.position(entry.rule.span.start).line,
                "fired": entry.fired,
                "silent": entry.silent,
                "lacks": list(entry.lacks),
            }
            for entry in coverage.rules
        ],
        "requires": [
            {
                "words": _words(gate.require, source),
                "line": source.position(gate.require.span.start).line,
                "stopped": gate.stopped,
            }
            for gate in coverage.gates
        ],
    }
