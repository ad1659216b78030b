"""`rewardlang diff`: which scores a new version changes, why, and whether its version number says so."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from rewardlang.commands import shared
from rewardlang.samples.problem import UsageError
from rewardlang.terminal_text import safe, wants_color, wrap

if TYPE_CHECKING:
    from rewardlang.commands.diff_compare import Cause, Comparison, Names, Side
    from rewardlang.compiled import Compiled
    from rewardlang.program import Program

DESCRIPTION = """
Marks the same completions with two rewards and tells which scores change, which rules are responsible (the largest
first, each with the rows that it moved most), which rows are newly skipped or no longer skipped, and where success
flips. Scores within 1e-9 of each other are equal. When any score changes, NEW owes a higher major number in its
'version'. Equal fingerprints say at once that no score can change.

OLD may also name functions of Python, as module:function or module:first,second for the sum of several: a function
with TRL's signature (prompts, completions, **columns -> list of numbers), with verl's (data_source, solution_str,
ground_truth, extra_info -> number), or one that takes a row (completion, **row -> number); None leaves a row out. The
module is looked for in the current folder first, imported, and run in this process with all your rights: name only
code that you would run yourself. What it prints goes to standard error. NEW then owes no version.

--run compares on the completions of a training run, from the ledger in its 'output' folder: each at the step at which it
was drawn, with the columns of the data that the run's reward looked at. With one file alone, OLD is what the run itself
gave them, by section. Reading a ledger needs pyarrow (pip install 'rewardlang[data]').

Exit code 1: scores change and NEW does not have the version that it owes (with functions as OLD: scores change at all),
or a row could not be compared.

--json prints one object: old and new (file, name, version, fingerprint; null where functions have none; the file of a run
is its folder), same_fingerprint,
rows, completions, changed, change (min, max, mean, or null), causes (cause, completions, gained, lost, rows: row,
completion, old_score, new_score, old, new), newly_skipped, no_longer_skipped, success_lost, success_won (count, rows: the first 20),
version (owed, told), problems, ok.
"""
EXAMPLE = """
rewardlang diff old.reward new.reward --samples samples.jsonl
rewardlang diff rewards:correctness,format new.reward --samples samples.jsonl --map completion=response
rewardlang diff new.reward --run runs/maths
"""
_MOST_CAUSES = 12
_MOST_PROBLEMS = 20
_MOST_NAMED = 8


class Version(NamedTuple):
    """What the version number owes: a higher major number, or nothing; and the sentence about it."""

    owed: bool
    told: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `diff`."""
    parser.add_argument("old", metavar="OLD", help="a .reward file, or module:function (see above)")
    parser.add_argument(
        "new", metavar="NEW", nargs="?", help="the .reward file that takes its place; left out, with --run, it is the one file given"
    )
    parser.add_argument("--samples", action="append", metavar="S", help="completions; may be given several times")
    parser.add_argument("--run", metavar="RUN", help="compare on the completions of a training run, by its 'output' folder")
    shared.add_map(parser)
    shared.add_step(parser)
    parser.add_argument("--rows", type=_count, default=3, metavar="N", help="how many rows to show of each cause (default 3)")
    parser.add_argument("--json", action="store_true", help="one JSON object, described above")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) < 1001 and len(text) < 9):
        raise argparse.ArgumentTypeError(f"a whole number from 1 to 1000 is wanted, found '{text}'")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Compares; functions of Python are imported only after everything else is found to be in order."""
    from rewardlang.commands.python_reward import current_folder_first, is_target

    _check_sources(arguments)
    first = arguments.old if arguments.new is not None else None
    last = arguments.new or arguments.old
    if is_target(last):
        raise UsageError(f"NEW is a .reward file; {last} names functions of Python, which can only be OLD")
    from_python = first is not None and is_target(first)
    old = None if first is None or from_python else shared.compile_file(first)
    new = shared.compile_file(last)
    renames = shared.renames_of(arguments.map, new)
    for path in arguments.samples or ():
        shared.open_samples(path, renames)
    if sum(shared.tell_errors(compiled) for compiled in (old, new) if compiled is not None):
        return 1
    from rewardlang.marking.guard import VerifierBreakdown

    try:
        if not from_python:
            return _report(*_compared(old, new, arguments, renames), arguments)
        with current_folder_first():
            compared = _compared(None, new, arguments, renames)
        return _report(*compared, arguments)
    except VerifierBreakdown as error:
        print(f"rewardlang diff: marking stopped: {error}", file=sys.stderr)
        return 1


def _check_sources(arguments: argparse.Namespace) -> None:
    if bool(arguments.samples) == bool(arguments.run):
        raise UsageError("say what to compare on, with one of the two: --samples FILE, or --run RUN")
    if arguments.run and (arguments.map or arguments.step):
        raise UsageError("--map and --step go with --samples; the completions of a run have their columns and steps in its ledger")
    if arguments.new is None and not arguments.run:
        raise UsageError("two rewards are compared: give OLD and NEW; one file alone is compared with what a run gave, by --run RUN")


class Named(NamedTuple):
    """A file, or a run by its folder, with the name, version and fingerprint of its reward; functions of Python have none of these."""

    file: str
    name: str | None
    version: str | None
    fingerprint: str | None


class Sides(NamedTuple):
    """Who is compared."""

    old: Named
    new: Program


def _compared(
    old: Compiled | None, new: Compiled, arguments: argparse.Namespace, renames: dict[str, str]
) -> tuple[Comparison | None, Sides]:
    """The comparison, or None where equal fingerprints make it needless, and who was compared."""
    from rewardlang.commands.diff_compare import Comparison, FileSide, PythonSide, compare
    from rewardlang.reward import Reward

    reward = Reward(new)
    stored = None
    if arguments.run:
        from rewardlang.commands.diff_run import RecordedSide, open_run, updates

        stored = open_run(arguments.run)
    before: Side
    if old is not None:
        before = FileSide(Reward(old), arguments.step)
        named = Named(arguments.old, before.reward.name, before.reward.version, before.reward.fingerprint)
    elif arguments.new is not None:
        from rewardlang.commands.python_reward import functions_of

        before, named = PythonSide(functions_of(arguments.old)), Named(arguments.old, None, None, None)
    else:
        assert stored is not None
        before, named = RecordedSide(), Named(stored.path, stored.name, stored.version, stored.fingerprint)
    sides = Sides(named, reward.program)
    if named.fingerprint == reward.fingerprint:
        return None, sides
    comparison = Comparison(by_part=old is not None, most=arguments.rows)
    if stored is None:
        samples = [shared.open_samples(path, renames) for path in arguments.samples]
        compare(before, FileSide(reward, arguments.step), samples, comparison)
    else:
        for update in updates(stored):
            at_step = FileSide(before.reward, update.step) if isinstance(before, FileSide) else before
            compare(at_step, FileSide(reward, update.step), [update], comparison)
    return comparison, sides


def version_owed(old: str | None, new: str | None, *, scores_change: bool) -> Version:
    """Whether `version` has to rise. A change of scores breaks what stood before, whatever the number before the first point is."""
    if not scores_change:
        same = "; raise the minor or patch number, so that the two can be told apart" if old == new else ""
        return Version(False, f"no score changes on these rows, so no major version is owed{same}")
    before, after = _major(old), _major(new)
    if after is None:
        return Version(True, f'scores change, and NEW has no version that begins with a number: give it version "{(before or 0) + 1}.0.0"')
    if before is not None and after <= before:
        return Version(True, f'scores change, and the major version does not rise ({old} -> {new}): NEW owes version "{before + 1}.0.0"')
    return Version(False, f"scores change, and the version says so ({old or 'none'} -> {new})")


def _major(version: str | None) -> int | None:
    head = (version or "").removeprefix("v").split(".")[0]
    return int(head) if head.isascii() and head.isdigit() and len(head) < 10 else None


def _report(comparison: Comparison | None, sides: Sides, arguments: argparse.Namespace) -> int:
    from_python = sides.old.fingerprint is None
    if comparison is None:
        version, ok = Version(False, "the fingerprints are the same, so no score can change"), True
    else:
        version = Version(False, "functions of Python have no version, so none is owed")
        if not from_python:
            version = version_owed(sides.old.version, sides.new.version, scores_change=comparison.scores_change)
        failed = any(problem.severity == "error" for problem in comparison.problems)
        ok = not failed and not (version.owed or (from_python and comparison.scores_change))
    if arguments.json:
        new = Named(arguments.new or arguments.old, sides.new.name, sides.new.version, sides.new.fingerprint)
        shared.print_json(
            {
                "old": sides.old._asdict(),
                "new": new._asdict(),
                "same_fingerprint": comparison is None,
                **_comparison_json(comparison),
                "version": version._asdict(),
                "ok": ok,
            }
        )
        return 0 if ok else 1
    for line in [*_head(arguments, sides), *(_lines(comparison) if comparison is not None else ()), version.told]:
        print("\n".join(wrap(line, shared.width())) if not line.startswith(" ") else line)
    if comparison is not None:
        _tell_problems(comparison)
    return 0 if ok else 1


def _head(arguments: argparse.Namespace, sides: Sides) -> Iterator[str]:
    old, new = sides
    before = old.file if old.name is None else f"{old.name} {old.version or 'without version'} ({old.file})"
    yield f"{before} -> {new.name} {new.version or 'without version'} ({arguments.new or arguments.old})"


def _lines(comparison: Comparison) -> Iterator[str]:
    from rewardlang.report.words import short

    compared = f"{shared.counted(comparison.rows, 'row')}, {shared.counted(comparison.completions, 'completion')} compared"
    if not comparison.completions:
        yield "no row could be compared"
    elif not comparison.changed:
        yield f"{compared}: no score changes"
    else:
        mean = short(comparison.total / comparison.changed)
        low, high = _signed(comparison.low), _signed(comparison.high)
        span = f"by {low}" if comparison.changed == 1 else f"each by {low}" if low == high else f"by {low} to {high}, {mean} on average"
        yield f"{compared}: {shared.counted(comparison.changed, 'score')} {'changes' if comparison.changed == 1 else 'change'}, {span}"
    causes = comparison.largest_causes()
    for cause in causes[:_MOST_CAUSES]:
        yield from _cause(cause)
    if len(causes) > _MOST_CAUSES:
        yield f"and {len(causes) - _MOST_CAUSES} more causes"
    yield ""
    for names, told in (
        (comparison.newly_skipped, "newly skipped"),
        (comparison.no_longer_skipped, "no longer skipped"),
        (comparison.success_lost, "success in OLD and not in NEW"),
        (comparison.success_won, "success in NEW and not in OLD"),
    ):
        if names.count:
            yield f"{told}: {_named(names)}"


def _cause(cause: Cause) -> Iterator[str]:
    from rewardlang.commands.diff_compare import told_parts

    yield ""
    moved = " and ".join(_signed(points) for points in (cause.gained, cause.lost) if points)
    yield f"{safe(cause.name)}: {shared.counted(cause.completions, 'completion')}, {moved or '0'}"
    for changed in cause.shown:
        scores = f"{_number(changed.old_score)} -> {_number(changed.new_score)}"
        text = f"{safe(changed.label)}: score {scores} ({safe(told_parts(changed))})"
        head, *rest = wrap(text, shared.width() - 8)
        yield f"    {head}"
        yield from (f"        {line}" for line in rest)


def _number(score: float | None) -> str:
    from rewardlang.report.words import short

    return "skipped" if score is None else short(score)


def _signed(change: float) -> str:
    from rewardlang.report.words import short

    return f"{'+' if change > 0 else ''}{short(change)}"


def _named(names: Names) -> str:
    first = "; ".join(safe(name) for name in names.first[:_MOST_NAMED])
    return f"{shared.counted(names.count, 'completion')} ({first}{'; …' if names.count > _MOST_NAMED else ''})"


def _tell_problems(comparison: Comparison) -> None:
    color = wants_color(sys.stderr)
    for problem in comparison.problems[:_MOST_PROBLEMS]:
        print("\n" + problem.render(color=color), file=sys.stderr)
    if len(comparison.problems) > _MOST_PROBLEMS:
        print(f"\nand {len(comparison.problems) - _MOST_PROBLEMS:,} more problems", file=sys.stderr)


def _comparison_json(comparison: Comparison | None) -> dict[str, Any]:
    from rewardlang.commands.diff_compare import Comparison

    found = comparison or Comparison(by_part=True, most=1)
    mean = found.total / found.changed if found.changed else 0.0
    return {
        "rows": found.rows,
        "completions": found.completions,
        "changed": found.changed,
        "change": {"min": found.low, "max": found.high, "mean": mean} if found.changed else None,
        "causes": [
            {
                "cause": cause.name,
                "completions": cause.completions,
                "gained": cause.gained,
                "lost": cause.lost,
                "rows": [changed._asdict() for changed in cause.shown],
            }
            for cause in found.largest_causes()
        ],
        "newly_skipped": found.newly_skipped.to_json(),
        "no_longer_skipped": found.no_longer_skipped.to_json(),
        "success_lost": found.success_lost.to_json(),
        "success_won": found.success_won.to_json(),
        "problems": [problem.to_json() for problem in found.problems],
    }
