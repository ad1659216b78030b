"""From a syntax tree to a program: names resolved, types known, ranges added up; every mistake gathered in one run.

The order of work: declare every name, so that a file may use a name before it
declares it; check the declarations; then requires and rules, section by
section; then what is said about all of them (score, success, examples); last
what nobody used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from rewardlang import meaning
from rewardlang.beside import Beside
from rewardlang.checking import declarations, lints
from rewardlang.checking import finders as check_finders
from rewardlang.checking import rules as check_rules
from rewardlang.checking import tests as check_tests
from rewardlang.checking import values as check_values
from rewardlang.checking.always import check_always
from rewardlang.checking.checker import Checker, Mistake
from rewardlang.checking.definitions import Definitions
from rewardlang.checking.examples import Examples, rule_expressions
from rewardlang.checking.linked import Linked
from rewardlang.checking.polarity import check_polarity
from rewardlang.errors import DataError, Diagnostic
from rewardlang.fingerprint import Identity
from rewardlang.parsing import syntax
from rewardlang.program import ColumnDecl, Example, Guarantee, LetDecl, Outweighs, ParamDecl, Program, Require, Rule, Section
from rewardlang.registry import Registry
from rewardlang.rows import value_from_data
from rewardlang.source import Span
from rewardlang.verifier import Verifier

T = TypeVar("T")
_MAX_PARTS = 100_000

_HANDLERS: Mapping[type, Callable[[Checker, Any], meaning.Expr]] = {
    **check_values.HANDLERS,
    **check_tests.HANDLERS,
    **check_finders.HANDLERS,
}


def check(
    linked: Linked, registry: Registry, beside: Beside, params: Mapping[str, Any], *, whole: bool, lost: frozenset[str]
) -> tuple[Program | None, tuple[Diagnostic, ...]]:
    """The program, or None when the file has errors; and all errors and warnings in the order of the file, then of those that it imports.

    `beside` reads the files that this one names; `params` are values that a run sets; `whole`
    is False when statements were lost to syntax errors, so that nothing is said
    about what is missing or unused; `lost` are the names that they would have declared.
    """
    build = _Build(linked, Checker(linked.source, registry, _HANDLERS, lost | linked.lost), beside, params, whole)
    program = build.run()
    diagnostics = tuple(d.localised() for d in sorted(build.checker.diagnostics, key=lambda d: (d.span.start, d.code)))
    return (None if any(d.severity == "error" for d in diagnostics) else program), diagnostics


class _Build:
    def __init__(
        self,
        linked: Linked,
        checker: Checker,
        beside: Beside,
        params: Mapping[str, Any],
        whole: bool,
    ) -> None:
        self.linked, self.file, self.beside = linked, linked.file, beside
        self.checker, self.given, self.whole = checker, params, whole
        checker.shared, checker.option_file = linked.columns, self._option_file
        self.columns: dict[str, ColumnDecl] = {}
        self.params: dict[str, ParamDecl] = {}
        self.lets = declarations.Lets(checker)
        self.definitions = Definitions(checker)
        self.lists: dict[str, tuple[str, ...]] = {}

    def run(self) -> Program | None:
        declarations.notation(self.checker, self._nodes(syntax.NumbersWritten))
        self._declare()
        lets = self._lets()
        requires = self._all(syntax.Require, lambda node: check_rules.require(self.checker, node, lets))
        sections, rules = self._rules()
        success = self._success()
        score = check_rules.score(self.checker, self._nodes(syntax.ScoreRange), self._end()) if self.whole else None
        reachable = check_rules.reachable(self.checker, sections, rules, requires, score) if score is not None and self.whole else None
        guarantees = self._guarantees(sections)
        examples = self._examples(lets, rules, not self.whole or bool(self._nodes(syntax.Success)))
        if self.checker.has_quantities and not self._wrong():
            from rewardlang.checking.quantities import settle

            settle(self.checker, self._nodes(syntax.Let))
        if self.whole:
            self._unused()
        self._once()
        if score is None or reachable is None:
            return None
        if self._wrong():
            if check_rules.leaves_bounds(score, reachable):
                far = reachable.high if reachable.low >= score.low else reachable.low
                check_rules.out_of_range(self.checker, score, sections, rules, reachable, far)
            return None
        params = {name: self._set(decl) for name, decl in self.params.items()}
        file = self.file
        program = Program(
            source=self.checker.source,
            name=file.name.text,
            version=file.version,
            about=file.about,
            notation=self.checker.notation,
            columns=self.columns,
            params=params,
            lets=lets,
            requires=tuple(requires),
            sections=tuple(sections),
            rules=tuple(rules),
            score=score,
            reachable=reachable,
            success=success,
            guarantees=tuple(guarantees),
            examples=tuple(examples),
            identity=Identity(file, self.lists, _verifiers(lets, requires, rules, success), {n: p.default for n, p in params.items()}),
        )
        if self.checker.has_quantities:
            from rewardlang.checking.quantities import resolved

            program = resolved(self.checker, program)
        check_polarity(self.checker, program)
        if any(isinstance(node, syntax.ListFromFile) and node.complete_for is not None for node in file.statements):
            from rewardlang.checking.coverage import check_coverage

            check_coverage(self.checker, program)
        if any(use.on_error is not None for use in self.checker.functions.values()):
            from rewardlang.checking.error_values import check_error_values

            check_error_values(self.checker, program)
        if check_rules.leaves_bounds(score, reachable):
            from rewardlang.checking.guarantees import within_bounds

            program = within_bounds(self.checker, program)
        if program.guarantees:
            from rewardlang.checking.guarantees import prove

            prove(self.checker, program)
        lints.lint(self.checker, program)
        check_always(self.checker, program)
        return program

    # -------------------------------------------------------- helpers

    def _wrong(self) -> bool:
        return any(d.severity == "error" for d in self.checker.diagnostics)

    def _nodes(self, kind: type[T]) -> list[T]:
        return [node for node in self.file.statements if isinstance(node, kind)]

    def _all(self, kind: type[T], make: Callable[[T], Any]) -> list[Any]:
        results = []
        for node in self._nodes(kind):
            try:
                results.append(make(node))
            except Mistake:
                continue
        return results

    def _end(self) -> Span:
        own = [node.span for node in self.file.statements if node.span.start <= len(self.checker.source.text)]
        last = own[-1] if own else self.file.span
        return Span(max(last.start, last.end - 1), last.end)

    # -------------------------------------------------------- declarations

    def _declare(self) -> None:
        for node in self.file.statements:
            try:
                self._declare_one(node)
            except Mistake:
                continue

    def _declare_one(self, node: syntax.Statement) -> None:
        checker = self.checker
        match node:
            case syntax.Column(name=name):
                checker.declare(name, "column", partial(self._column_value, name.text))
                self.columns[name.text] = declarations.column(checker, node)
            case syntax.Param(name=name):
                checker.declare(name, "param", partial(self._param_value, name.text))
                self.params[name.text] = declarations.param(checker, node)
            case syntax.ListFromFile(name=name) | syntax.ListInline(name=name):
                made: list[Callable[[Span], meaning.Expr]] = []
                checker.declare(name, "list", partial(_from_cell, made))
                value, self.lists[name.text] = declarations.named_list(checker, node, self.beside)
                made.append(value)
            case syntax.PatternRegex(name=name) | syntax.PatternLike(name=name):
                found: list[Callable[[Span], meaning.Find]] = []
                checker.declare(name, "pattern", partial(_from_cell, found))
                found.append(declarations.named_pattern(checker, node))
            case syntax.Let():
                self.lets.declare(node)
            case syntax.Define():
                self.definitions.declare(node)
            case syntax.UsePython():
                from rewardlang.checking import python as check_python

                check_python.declare(checker, node, self._folder(node.span))
            case syntax.Import(alias=alias):
                checker.declare(alias, "import", partial(_no_value, checker, alias.text))
                if alias.text in self.linked.used and alias.text in checker.names:
                    checker.names[alias.text].used = True
            case _:
                pass

    def _option_file(self, path: str, span: Span) -> str:
        """The text of a file that an option names, by its path from the file in which the option stands."""
        path = Path(self._inside(span), path).as_posix()
        key = f"file {path}"  # no name of a list has a space in it
        if key not in self.lists:
            self.lists[key] = (declarations.locked_text(self.checker, path, span, self.beside),)
        return self.lists[key][0]

    def _inside(self, span: Span) -> str:
        """The folder of the file in which a place is, from that of the root."""
        return next((folder for base, folder in reversed(self.linked.folders) if base <= span.start), "")

    def _folder(self, span: Span) -> str | None:
        """The folder of the file in which a place is."""
        if self.beside.folder is None:
            return None
        inside = self._inside(span)
        return str(Path(self.beside.folder, inside)) if inside else self.beside.folder

    def _column_value(self, name: str, span: Span) -> meaning.Expr:
        if name not in self.columns:
            raise Mistake
        return meaning.ColumnValue(span=span, type=self.columns[name].type, name=name)

    def _param_value(self, name: str, span: Span) -> meaning.Expr:
        if name not in self.params:
            raise Mistake
        return meaning.ParamValue(span=span, type=self.params[name].type, name=name)

    def _lets(self) -> dict[str, LetDecl]:
        lets = {}
        for node in self._nodes(syntax.Let):
            try:
                let = self.lets.get(node.name.text)
            except Mistake:
                let = None
            if let is not None:
                lets[node.name.text] = let
        return lets

    def _set(self, param: ParamDecl) -> ParamDecl:
        """The param with the value that the run gives it. Raises `DataError` for one that does not fit."""
        if param.name not in self.given:
            return param
        try:
            value = value_from_data(param.type, self.given[param.name], self.checker.registry, None, self.checker.notation)
        except DataError as error:
            raise DataError(f"the param does not fit: {error.message}", column=param.name) from None
        return ParamDecl(param.name, param.type, value, param.span)

    # -------------------------------------------------------- marking

    def _rules(self) -> tuple[list[Section], list[Rule]]:
        checker = self.checker
        heading: syntax.Section | None = None
        seen: dict[str, Span] = {}
        sections: list[Section] = []
        rules: list[Rule] = []
        filled: set[str | None] = set()
        parts = 0
        for node in self.file.statements:
            if isinstance(node, syntax.Section):
                heading = node
                check_rules.unique(checker, seen, node.name, "section")
                sections.append(check_rules.section(checker, node))
            elif isinstance(node, syntax.Rule):
                name = heading.name.text if heading else None
                filled.add(name)
                if name is None and not any(item.name is None for item in sections):
                    sections.insert(0, Section(None, None, None, ((0, Fraction(1)),), None, node.span))
                check_rules.unique(checker, seen, node.name, "rule")
                try:
                    rules.append(check_rules.rule(checker, node, name))
                except Mistake:
                    continue
                before, parts = parts, parts + sum(map(self.lets.parts, rule_expressions(rules[-1])))
                if before <= _MAX_PARTS < parts:
                    what = (
                        f"with every name as what it stands for, the rules up to here have over {_MAX_PARTS:,} parts; no more are checked"
                    )
                    checker.report("RW322", node.name.span, what, "say what several rules need in one rule, or in another file")
        if self.whole:
            for item in sections:
                if item.name not in filled:
                    checker.report("RW407", item.span, f"the section '{item.name}' has no rule", "put its rules below it, or take it out")
            if not filled:
                checker.report(
                    "RW410",
                    self._end(),
                    "the file has no rule, so nothing earns a point",
                    "add a line like: rule correct: award 1 point when …",
                )
        return sections, rules

    def _success(self) -> meaning.Expr | None:
        nodes = self._nodes(syntax.Success)
        for again in nodes[1:]:
            self.checker.report(
                "RW411", again.span, "success is defined twice", "keep one", related=[(nodes[0].span, "first defined here")]
            )
        found: list[meaning.Expr] = self._all(syntax.Success, lambda node: self.checker.test(node.condition))
        return found[0] if found else None

    def _guarantees(self, sections: list[Section]) -> list[Guarantee | Outweighs]:
        names = {"rule": [node.name.text for node in self._nodes(syntax.Rule)], "section": [section.name or "" for section in sections]}
        promises: list[Guarantee | Outweighs] = []
        for node in self.file.statements:
            try:
                if isinstance(node, (syntax.GuaranteeBound, syntax.GuaranteeOutweighs)):
                    promises.append(check_rules.guarantee(self.checker, node, names))
            except Mistake:
                continue
        return promises

    def _examples(self, lets: dict[str, LetDecl], rules: list[Rule], has_success: bool) -> list[Example]:
        nodes = self._nodes(syntax.Example)
        named: dict[str, Rule | None] = {node.name.text: None for node in self._nodes(syntax.Rule)}
        named |= dict.fromkeys(self.checker.lost) | {rule.name: rule for rule in rules}
        examples = Examples(self.checker, self.columns, self.params, lets, named, has_success=has_success, beside=self.beside)
        if not nodes and self.whole:
            self.checker.report(
                "RW507",
                self._end(),
                "the file has no example, so nobody has seen it mark anything",
                'add one: example "…" model writes "…" expect score = 1',
                severity="warning",
            )
        return self._all(syntax.Example, examples.check)

    def _once(self) -> None:
        """Drops what was said twice of one place, as happens where a definition is used twice."""
        self.checker.diagnostics = list(dict.fromkeys(self.checker.diagnostics))

    def _unused(self) -> None:
        if self._wrong():
            return
        for name, declared in self.checker.names.items():
            if not declared.used and declared.kind == "column":
                self.checker.report(
                    "RW208", declared.span, f"the column '{name}' is never looked at", "take it out, or use it", severity="warning"
                )
            elif not declared.used:
                self.checker.report("RW203", declared.span, f"the {declared.kind} '{name}' is never used", "take it out, or use it")


def _no_value(checker: Checker, alias: str, span: Span) -> meaning.Expr:
    checker.fail("RW301", span, f"'{alias}' is another file, and a value is wanted here", f"write what of it: {alias}.name")


def _from_cell(cell: list[Callable[[Span], T]], span: Span) -> T:
    """What the one function in the cell makes; the cell stays empty when the declaration is broken."""
    if not cell:
        raise Mistake
    return cell[0](span)


def _verifiers(
    lets: Mapping[str, LetDecl], requires: list[Require], rules: list[Rule], success: meaning.Expr | None
) -> tuple[Verifier, ...]:
    """Every verifier that the program calls."""
    roots = [let.value for let in lets.values()] + [gate.condition for gate in requires] + ([success] if success else [])
    roots += [part for rule in rules for part in rule_expressions(rule)]
    found = (verifier for root in roots for node in meaning.walk(root) for verifier in meaning.verifiers(node))
    return tuple({(verifier.kind, verifier.word): verifier for verifier in found}.values())
