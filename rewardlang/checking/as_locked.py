"""Whether a reward still says what it said when it was locked.

A word that is lost while somebody types can leave a file that checks clean and
marks otherwise: a dropped `not`, `distinct` or `ignoring case`. Nothing in the
file tells the two apart, so `rewardlang.lock` holds what was meant: a hash for
each statement. Comments, layout, `because` and `about` do not count, nor does
the order of statements, except among gates and promises, which are numbered,
and that a rule belongs to its section.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from rewardlang.errors import Diagnostic, Edit, Fix, Related
from rewardlang.fingerprint import canonical
from rewardlang.lock import NAME, LockedReward
from rewardlang.parsing import syntax
from rewardlang.record import replaced
from rewardlang.source import Source, Span

_DIGITS = 16
_MOST_NAMED = 4
_MOST_SHOWN = 4
_VERSION = re.compile(r'(?:\s|#[^\n]*\n)*version(?:\s|#[^\n]*\n)*(?P<text>"[^"\n]*")')
_NUMBERED = re.compile(r"(\d{1,9})((?:\.\d{1,9}){0,2})")


class _Statement(NamedTuple):
    digest: str
    span: Span


class Differences(NamedTuple):
    """Statements by the words that name them: those that say something else than then, those that came, those that went."""

    changed: list[str]
    new: list[str]
    gone: list[str]

    def __str__(self) -> str:
        told = (("changed", self.changed), ("new", self.new), ("gone", self.gone))
        return "; ".join(f"{what}: {_listed(names)}" for what, names in told if names)


def locked(file: syntax.File) -> LockedReward:
    """A reward as the lock holds it."""
    return LockedReward(file.version, {words: statement.digest for words, statement in _statements(file).items()})


def differences(before: LockedReward, now: LockedReward) -> Differences:
    """What a reward says now and did not say then."""
    return Differences(
        [words for words, digest in now.statements.items() if before.statements.get(words, digest) != digest],
        [words for words in now.statements if words not in before.statements],
        [words for words in before.statements if words not in now.statements],
    )


def warning(file: syntax.File, source: Source, before: LockedReward) -> Diagnostic | None:
    """The warning for a reward that is not as it was locked, at the first statement that differs."""
    statements = _statements(file)
    found = differences(before, LockedReward(file.version, {words: statement.digest for words, statement in statements.items()}))
    if not any(found):
        return None
    places = sorted(statements[words].span for words in (*found.changed, *found.new)) or [file.name.span]
    then = f"version {before.version} was" if before.version else "it was"
    raised = "" if before.version != file.version else "raise the version and "
    return Diagnostic(
        "RW711",
        "warning",
        f"the file is not what {then} when {NAME} was written ({found})",
        source,
        places[0],
        f"if that is meant, {raised}write the lock anew: rewardlang lock {source.name}",
        related=tuple(Related(span, "differs too") for span in places[1:_MOST_SHOWN]),
        fix=_raised(file, source) if raised else None,
    )


def unusable(file: syntax.File, source: Source, why: str) -> Diagnostic:
    """The warning for a lock that cannot be read, in a file that nothing else holds against it."""
    message = f"the file cannot be held against {NAME}: {why}"
    return Diagnostic("RW711", "warning", message, source, file.name.span, f"write the lock anew: rewardlang lock {source.name}")


def _raised(file: syntax.File, source: Source) -> Fix | None:
    """The next major version, where the version is one to three numbers."""
    place = _VERSION.match(source.text, file.name.span.end)
    numbers = _NUMBERED.fullmatch(file.version or "")
    if place is None or numbers is None:
        return None
    version = f"{int(numbers[1]) + 1}{'.0' * numbers[2].count('.')}"
    return Fix(f'write version "{version}"', (Edit(Span(*place.span("text")), f'"{version}"'),))


def _statements(file: syntax.File) -> dict[str, _Statement]:
    """The statements by the words that name them, in the order of the file."""
    found = {"reward": _Statement(_digest(f"{file.edition} {file.name.text}"), file.name.span)}
    times: Counter[str] = Counter()
    section = ""
    for node in file.statements:
        words, numbered = _words(node)
        times[words] += 1
        if numbered or times[words] > 1:
            words += f" {times[words]}"
        if isinstance(node, syntax.Section):
            section = node.name.text
        inside = f"{section} " if isinstance(node, syntax.Rule) else ""
        found[words] = _Statement(_digest(inside + canonical(replaced(node, because=None))), node.span)
    return found


def _words(node: syntax.Statement) -> tuple[str, bool]:
    """What a statement is called, and whether it has no name and is called by its number."""
    match node:
        case syntax.Include(module=module, section=section):
            return f"include {module.text}.{section.text}", False
        case syntax.Import(alias=alias):
            return f"import {alias.text}", False
        case syntax.UsePython(alias=alias):
            return f"use python {alias.text}", False
        case syntax.Example(kind=kind, title=title):
            return f'{kind} "{title.value}"', False
        case syntax.Require():
            return "require", True
        case syntax.GuaranteeBound() | syntax.GuaranteeOutweighs():
            return "guarantee", True
        case syntax.ScoreRange():
            return "score", False
        case syntax.Success():
            return "success", False
        case syntax.NumbersWritten():
            return "numbers written", False
        case syntax.ListFromFile(name=name) | syntax.ListInline(name=name):
            return f"list {name.text}", False
        case syntax.PatternRegex(name=name) | syntax.PatternLike(name=name):
            return f"pattern {name.text}", False
        case (
            syntax.Column(name=name)
            | syntax.Param(name=name)
            | syntax.Define(name=name)
            | syntax.Let(name=name)
            | syntax.Section(name=name)
            | syntax.Rule(name=name)
        ):
            return f"{type(node).__name__.lower()} {name.text}", False
    raise AssertionError(f"a statement without a name: {type(node).__name__}")


def _digest(text: str) -> str:
    import hashlib  # 3 ms of start-up, for files that have a lock

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
