"""`rewardlang check`: every mistake of a file, its examples, and how it marks samples."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from rewardlang.commands import calibration, shared
from rewardlang.commands.outcome import Outcome
from rewardlang.samples.problem import UsageError
from rewardlang.samples.read import existing_file
from rewardlang.terminal_text import wants_color

DESCRIPTION = """
Tells every mistake of a reward file in one run, runs the examples that stand in it, tries built-in attacks on their rows
(rewardlang help RW710), and, with --samples, marks completions: how often each rule fires, its share of the variance of
the score, how the scores lie, what they go with (rank correlations with 95 % intervals), how many groups of a training
run are forecast without spread, and the best and the worst completion explained.

--report writes all of it as one page that works offline, with every completion marked up; --marks says how far the
scores put completions into the order of an expert's marks, and which rules put them the other way round.

--cost prints the plan: what is computed once for a batch, in which order, in which class of cost, and which rows a gate
spares it; with --samples, the share of the time that each part takes.

Samples are JSONL, a JSON array, CSV, TSV, Parquet or XLSX, or JSONL from standard input as '-'. A row holds
'prompt', 'completion' (a text, or a list of chat messages, or a list of these) and the columns that the file declares.
"""
EXAMPLE = """
rewardlang check math.reward
rewardlang check math.reward --samples samples.jsonl
rewardlang check math.reward --samples runs.parquet --map completion=response
rewardlang check math.reward --samples samples.jsonl --report math.html --marks grade
rewardlang check math.reward --cost --samples samples.jsonl
rewardlang check memo.reward --text memo.md --with row.json
rewardlang check memo.reward --fix
rewardlang check memo.reward --strict --sarif findings.sarif
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `check`."""
    parser.add_argument("file", metavar="FILE", help="the .reward file")
    parser.add_argument("--samples", action="append", default=[], metavar="S", help="completions to mark; may be given several times")
    shared.add_map(parser)
    parser.add_argument("--text", metavar="DOCUMENT", help="mark one document, a text file, as the completion")
    parser.add_argument("--with", dest="row", metavar="ROW.json", help="the columns of that document, as a JSON object")
    shared.add_step(parser)
    calibration.add_arguments(parser)
    parser.add_argument("--cost", action="store_true", help="print the plan of a batch; with --samples, how long each part of it takes")
    parser.add_argument("--strict", action="store_true", help="warnings count: exit code 1")
    parser.add_argument(
        "--fix", action="store_true", help="first put right what can only have been meant in one way, and say what was changed"
    )
    parser.add_argument("--watch", action="store_true", help="check again whenever a file is saved; Ctrl-C ends it")
    parser.add_argument("--sarif", metavar="OUT", help="write the findings as SARIF 2.1.0, for code hosts and editors")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object: file, ok, findings, examples, samples, figures, marks, report, document, cost"
    )


def run(arguments: argparse.Namespace) -> int:
    """Checks once, or again and again."""
    if arguments.row and not arguments.text:
        raise UsageError("--with gives the columns of a document; give the document with --text")
    calibration.refuse_wrong_use(arguments)
    if not arguments.watch:
        return 0 if _check(arguments)[0] else 1
    if arguments.json or arguments.fix or "-" in arguments.samples:
        raise UsageError("--watch cannot be combined with --json or --fix, nor with samples from standard input")
    from rewardlang.commands.watch import watch

    watch([arguments.file, *arguments.samples, *filter(None, (arguments.text, arguments.row))], lambda: _check(arguments)[1])
    return 0


def _check(arguments: argparse.Namespace) -> tuple[bool, tuple[str, ...]]:
    """Checks once. Whether all is well, and the files that the reward names."""
    fixed: list[str] = []
    if arguments.fix:
        from rewardlang.commands.fixes import fix_file

        fixed = [str(applied) for applied in fix_file(str(existing_file(arguments.file)))]
    outcome = _outcome(arguments)
    outcome.fixed = fixed
    ok = not outcome.count("error") and not (arguments.strict and outcome.count("warning"))
    if arguments.sarif:
        from rewardlang.commands.sarif import write_sarif

        write_sarif(arguments.sarif, outcome.findings, outcome.unshown)
    if arguments.json:
        shared.print_json(_json(outcome, ok))
    else:
        _print(outcome, arguments)
    return ok, outcome.compiled.files


def _outcome(arguments: argparse.Namespace) -> Outcome:
    """Compiles, runs the examples, marks the samples or the document. Files are looked for first: a typing mistake costs nothing."""
    compiled = shared.compile_file(arguments.file)
    renames = shared.renames_of(arguments.map, compiled)
    samples = [shared.open_samples(path, renames) for path in arguments.samples]
    document = None
    if arguments.text:
        from rewardlang.commands.document import read_document

        document = read_document(arguments.text, arguments.row)
    outcome = Outcome(compiled)
    for diagnostic in compiled.diagnostics:
        outcome.add(diagnostic)
    if compiled.program is None:
        return outcome
    from rewardlang.reward import Reward

    outcome.reward = Reward(compiled)
    outcome.examples = outcome.reward.run_examples()
    for example in outcome.examples:
        for failure in example.failures:
            outcome.add(failure)
    from rewardlang.free_points import free_points

    for warning in free_points(compiled.program, compiled.registry):
        outcome.add(warning)
    if arguments.cost:
        from rewardlang.commands.cost import Cost

        outcome.cost = Cost(outcome.reward)
    if samples:
        from rewardlang.commands.check_samples import mark_samples

        collected = calibration.collector(outcome.reward, arguments)
        mark_samples(outcome, samples, arguments.step, collected)
        calibration.finish(outcome, collected, arguments)
        if outcome.cost is not None:
            outcome.cost.measure(arguments.step)
    if document is not None:
        from rewardlang.commands.document import mark_document

        mark_document(outcome, document, arguments.step)
    return outcome


def _print(outcome: Outcome, arguments: argparse.Namespace) -> None:
    paint, width = shared.paint(), shared.width()
    if outcome.fixed:
        print("\n".join(outcome.fixed) + "\n")
    shared.print_findings(outcome.findings)
    if outcome.unshown:
        print(f"and {shared.counted(outcome.unshown, 'more problem')} like these in the samples\n")
    if outcome.reward is not None:
        program = outcome.reward.program
        version = f" {program.version}" if program.version else ""
        from rewardlang.explaining.words import exact

        rules = shared.counted(len(program.rules), "rule")
        print(paint("bold", f"{program.name}{version}") + f": {rules}, score {exact(program.score.low)} to {exact(program.score.high)}")
        if outcome.examples:
            failed = sum(bool(example.failures) for example in outcome.examples)
            total = shared.counted(len(outcome.examples), "example")
            print(f"{total} in the file: {f'{failed} failed' if failed else 'all hold'}")
    if outcome.statistics is not None and outcome.reward is not None:
        from rewardlang.commands.table import report

        plain = "utf" not in (sys.stdout.encoding or "").lower()
        print("\n".join(report(outcome.statistics, outcome.reward, outcome.figures, width=width, paint=paint, plain=plain)))
        for line in calibration.lines(outcome, width, paint):
            print(line)
    if outcome.cost is not None:
        print("\n" + "\n".join(outcome.cost.lines(width, paint)))
    for heading, explanation in outcome.explanations:
        print("\n" + paint("bold", f"-- {heading} " + "-" * max(0, width - len(heading) - 4)))
        print(explanation.text(width, wants_color(sys.stdout)))
    print(_summary(outcome, arguments))


def _summary(outcome: Outcome, arguments: argparse.Namespace) -> str:
    """The last line: what counts, in numbers."""
    errors, warnings = outcome.count("error"), outcome.count("warning")
    if not errors and not warnings:
        told = "no mistakes"
    else:
        told = " and ".join(
            part
            for part in (shared.counted(errors, "error") if errors else "", shared.counted(warnings, "warning") if warnings else "")
            if part
        )
    if errors and outcome.reward is None and (arguments.samples or arguments.text):
        told += "; nothing was marked"
    gravest = sorted(outcome.findings, key=lambda finding: finding.severity)[:1]
    hint = "".join(f" (rewardlang help {finding.code} tells more)" for finding in gravest)
    fixable = sum(finding.fix is not None and finding.fix.safe for finding in outcome.compiled.diagnostics)
    if fixable:
        hint += f"; --fix puts {'it' if fixable == 1 == errors + warnings else fixable} right"
    before = "\n" if outcome.reward is not None else ""
    return f"{before}{arguments.file}: {told}{hint}"


def _json(outcome: Outcome, ok: bool) -> dict[str, Any]:
    program = outcome.compiled.program
    document = [explanation.to_json() for heading, explanation in outcome.explanations if heading == "the document"]
    return {
        "file": outcome.compiled.source.name,
        "ok": ok,
        "name": program.name if program is not None else None,
        "version": program.version if program is not None else None,
        "fingerprint": program.fingerprint if program is not None else None,
        "errors": outcome.count("error"),
        "warnings": outcome.count("warning"),
        "fixed": outcome.fixed,
        "findings": [finding.to_json() for finding in outcome.findings],
        "findings_not_listed": outcome.unshown,
        "examples": {"run": len(outcome.examples), "failed": sum(bool(example.failures) for example in outcome.examples)},
        "samples": outcome.statistics.to_json() if outcome.statistics is not None else None,
        **calibration.to_json(outcome),
        "document": document[0] if document else None,
        "cost": outcome.cost.to_json() if outcome.cost is not None else None,
    }
