"""What an attack came to, for a terminal and as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rewardlang.commands.shared import counted
from rewardlang.commands.table import table
from rewardlang.explaining.words import number, signed
from rewardlang.report.words import short
from rewardlang.terminal_text import Paint, clip, safe, wrap

if TYPE_CHECKING:
    from rewardlang.attack.attack import Found, Result
    from rewardlang.attack.rows import Rows
    from rewardlang.attack.target import Target

_MOST_LINES = 12
_ROUND = 10
_MARGIN = 1e-9


def lines_of(result: Result, target: Target, rows: Rows, file: str, seconds: float, width: int, paint: Paint) -> Iterator[str]:
    """The report: what was attacked, what honest answers earn, the attacks, the rules, the last line that counts."""
    base = result.baseline
    yield from wrap(
        f"attacked {counted(len(target.tasks), 'row')} with {counted(len(rows.answers), 'completion')} of the samples and the file: "
        f"{result.tries:,} texts marked in {counted(result.rounds, 'round')}, {seconds:.1f} s",
        width,
    )
    if result.out_of_time:
        yield from wrap("the time was up before the search had come to its end: another run may find more, or other texts", width)
    if not base.knows_success:
        told = "the file does not say what is right (success when …): wrong are answers to other rows, and texts that answer nothing"
        yield from (paint("warning", line) for line in wrap(told, width))
    yield ""
    yield from _baseline(result)
    yield ""
    if result.answerless:
        yield from wrap(
            f"'success' holds on rows with different answers for a text that answers nothing: {_one_line(result.answerless[0])}", width
        )
        yield ""
    for place, found in enumerate(result.found, 1):
        yield from _attack(place, found, width, paint)
        yield ""
    yield from _rules(result, target, width, paint)
    yield from _verdict(result, file, width, paint)


def _baseline(result: Result) -> Iterator[str]:
    base = result.baseline
    what = "a right answer, typically" if base.knows_success else "a good answer (upper quartile)"
    typical = "none in the samples" if base.typical is None else short(base.typical)
    yield f"{what:<32}{typical}"
    if base.best_wrong is not None:
        yield f"{'the best honest wrong answer':<32}{number(base.best_wrong)}"
    if base.silence is not None:
        yield f"{'an empty completion':<32}{number(base.silence)}"
    if result.highest is not None:
        yield f"{'the highest of a wrong one':<32}{_number(result.highest)}"


def _attack(place: int, found: Found, width: int, paint: Paint) -> Iterator[str]:
    candidate = found.candidate
    note = "   as much as a right one" if found.as_right else ""
    yield paint("bad" if found.as_right else "bold", f"{place}. score {_number(candidate.score)}{note}")
    paid = ", ".join(f"{name} {signed(_number(points))}" for name, points in sorted(found.paid_by, key=lambda item: -item[1]))
    yield from _field("paid by", paid or "no rule: the gates let it pass", width)
    yield from _field("how", " > ".join(candidate.chain) or "a completion of the samples as it is", width)
    yield from _field("row", found.row, width)
    lines = candidate.text.split("\n")
    for line in lines[:_MOST_LINES]:
        yield "   | " + clip(safe(line), width - 5)
    if len(lines) > _MOST_LINES:
        yield f"   | … {len(lines) - _MOST_LINES:,} more lines"


def _field(name: str, text: str, width: int) -> Iterator[str]:
    head, *rest = wrap(safe(text), width - 12)
    yield f"   {name:<9}{head}"
    yield from (" " * 12 + line for line in rest)


def _rules(result: Result, target: Target, width: int, paint: Paint) -> Iterator[str]:
    """The most that each rule gave to a wrong text, beside what a right answer typically has from it."""
    rows = []
    for index, name in enumerate(target.rules):
        candidate = result.by_rule.get(name)
        if candidate is not None:
            typical = short(result.baseline.points[index]) if result.baseline.points else ""
            rows.append([name, " > ".join(candidate.chain) or "as it is", typical, _number(candidate.marked.points[index])])
    if rows:
        usual = "right" if result.baseline.knows_success else "median"
        yield from table(["rule", "how a wrong text got most", usual, "wrong"], rows, numbers=2, width=width, paint=paint)
        yield ""


def _verdict(result: Result, file: str, width: int, paint: Paint) -> Iterator[str]:
    threshold = f"{_number(result.threshold)} is the threshold"
    if result.paid_as_right:
        told = f"{file}: a wrong answer can score {_number(result.highest or 0.0)}, as much as a right one ({threshold})"
    elif result.answerless:
        told = f"{file}: 'success' can be gamed; no wrong answer is paid like a right one ({threshold})"
    elif result.highest is None:
        told = f"{file}: no wrong text could be made"
    else:
        told = f"{file}: no wrong answer is paid like a right one ({threshold}, the highest was {_number(result.highest)})"
    usual = result.baseline.usual
    tricked = not result.paid_as_right and usual is not None and result.highest is not None and result.highest > usual + _MARGIN
    if tricked and usual is not None:
        told += f"; a trick earns more than the {_number(usual)} of an honest wrong one"
    style = "bad" if result.paid_as_right or result.answerless else "warning" if tricked else "good"
    yield from (paint(style, line) for line in wrap(told, width))


def json_of(result: Result, target: Target, seconds: float) -> dict[str, Any]:
    """The same as plain data."""
    base = result.baseline
    return {
        "threshold": result.threshold,
        "knows_success": base.knows_success,
        "typical_right": base.typical,
        "best_honest_wrong": base.best_wrong,
        "silence": base.silence,
        "highest_wrong": result.highest,
        "paid_as_right": bool(result.paid_as_right),
        "attacks": [
            {
                "score": found.candidate.score,
                "as_right": found.as_right,
                "row": found.row,
                "chain": list(found.candidate.chain),
                "paid_by": dict(found.paid_by),
                "text": found.candidate.text,
            }
            for found in result.found
        ],
        "rules": {
            name: {"most_for_a_wrong_text": candidate.marked.points[target.rules.index(name)], "chain": list(candidate.chain)}
            for name, candidate in sorted(result.by_rule.items(), key=lambda item: target.rules.index(item[0]))
        },
        "answerless": list(result.answerless),
        "tries": result.tries,
        "rounds": result.rounds,
        "seconds": round(seconds, 1),
        "out_of_time": result.out_of_time,
    }


def _one_line(text: str) -> str:
    return clip(safe(" ".join(text.split())), 60)


def _number(value: float) -> str:
    """A sum of points as people write it: without the last bits of binary fractions."""
    return number(round(value, _ROUND))
