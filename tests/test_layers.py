"""The direction of imports, as a table: a module may import what stands above it, and nothing below."""

from __future__ import annotations

import ast
import fnmatch
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.sources import Module, modules

# One name or pattern a line, from the bottom of the tower to its top. Modules that one pattern covers are peers: they may import one
# another only where the line says so, and never in a circle.
PEERS_MAY_IMPORT = True
ALONE = False
ORDER: tuple[tuple[str, bool], ...] = (
    # text, and what is said about it
    ("record", ALONE),
    ("source", ALONE),
    ("suggest", ALONE),
    ("written", ALONE),
    ("errors", ALONE),
    ("codes", ALONE),
    ("lock", ALONE),
    ("beside", ALONE),
    ("whole_file", ALONE),
    ("terminal_text", ALONE),
    # from text to the syntax tree and back
    ("parsing", ALONE),
    ("parsing.expressions", ALONE),
    ("parsing.syntax", ALONE),
    ("parsing.words", ALONE),
    ("parsing.text_limits", ALONE),
    ("parsing.tree_nodes", ALONE),
    ("parsing.expressions_from_tree", ALONE),
    ("parsing.statements_from_tree", ALONE),
    ("parsing.table_from_grammar", ALONE),
    ("parsing.parse_table", ALONE),
    ("parsing.mistake_place", ALONE),
    ("parsing.expected_words", ALONE),
    ("parsing.habits", ALONE),
    ("parsing.prose_habits", ALONE),
    ("parsing.syntax_mistakes", ALONE),
    ("parsing.recovery", ALONE),
    ("parsing.syntax_from_text", ALONE),
    ("parsing.printed_words", ALONE),
    ("parsing.text_from_syntax", ALONE),
    # what a verifier stands on, and the verifiers
    ("types", ALONE),
    ("verdict", ALONE),
    ("attempt", ALONE),
    ("unusable", ALONE),
    ("work", ALONE),
    ("work.*", PEERS_MAY_IMPORT),
    ("passages", ALONE),
    ("libraries", ALONE),
    ("json_text", ALONE),
    ("sandbox", ALONE),
    ("sandbox.*", ALONE),
    ("prose", ALONE),
    ("scripts", ALONE),
    ("patterns", ALONE),
    ("patterns.tree", ALONE),
    ("patterns.parse", ALONE),
    ("patterns.linear", ALONE),
    ("patterns.run", ALONE),
    ("patterns.gaps", ALONE),
    ("patterns.pattern", ALONE),
    ("patterns.spelled", ALONE),
    ("marking", ALONE),
    ("marking.piece", ALONE),
    ("answers", ALONE),
    ("answers.*", PEERS_MAY_IMPORT),
    ("verifier", ALONE),
    ("verifiers.*", ALONE),
    ("registry", ALONE),
    # from the syntax tree to the checked program
    ("meaning", ALONE),
    ("fingerprint", ALONE),
    ("program", ALONE),
    ("rows", ALONE),
    ("python", ALONE),
    ("python.source", ALONE),
    ("python.crossing", ALONE),
    ("python.function", ALONE),
    ("checking", ALONE),
    ("checking.dimensions", ALONE),
    ("checking.checker", ALONE),
    ("checking.imported_names", ALONE),
    ("checking.linked", ALONE),
    ("checking.imported_files", ALONE),
    ("checking.linking", ALONE),
    ("checking.coverage", ALONE),
    ("checking.quantities", ALONE),
    ("checking.option_values", ALONE),
    ("checking.values", ALONE),
    ("checking.finders", ALONE),
    ("checking.tests", ALONE),
    ("checking.rules", ALONE),
    ("checking.declarations", ALONE),
    ("checking.definitions", ALONE),
    ("checking.python", ALONE),
    ("checking.examples", ALONE),
    ("checking.lints", ALONE),
    ("checking.same_meaning", ALONE),
    ("checking.comparisons", ALONE),
    ("checking.judged", ALONE),
    ("checking.outcomes", ALONE),
    ("checking.text_tests", ALONE),
    ("checking.equalities", ALONE),
    ("checking.axioms", ALONE),
    ("checking.prover", ALONE),
    ("checking.decided", ALONE),
    ("checking.score_bounds", ALONE),
    ("checking.polarity", ALONE),
    ("checking.error_values", ALONE),
    ("checking.outweighs", ALONE),
    ("checking.guarantees", ALONE),
    ("checking.always", ALONE),
    ("checking.program_from_syntax", ALONE),
    ("checking.as_locked", ALONE),
    ("compiled", ALONE),
    ("locking", ALONE),
    # from the program and a row to its marks
    ("marks", ALONE),
    ("marking.guard", ALONE),
    ("marking.row_values", ALONE),
    ("marking.row_tests", ALONE),
    ("marking.row_marks", ALONE),
    ("marking.intake", ALONE),
    ("marking.scorer", ALONE),
    ("examples", ALONE),
    ("coverage", ALONE),
    ("attack", ALONE),
    ("attack.texts", ALONE),
    ("free_points", ALONE),
    # the same for whole batches
    ("engine", ALONE),
    ("engine.plan", ALONE),
    ("engine.plan_from_program", ALONE),
    ("engine.exact", ALONE),
    ("engine.column", ALONE),
    ("engine.tag_shapes", ALONE),
    ("engine.tag_layouts", ALONE),
    ("engine.tags", ALONE),
    ("engine.calls", ALONE),
    ("engine.frame", ALONE),
    ("engine.value_kernels", ALONE),
    ("engine.find_kernels", ALONE),
    ("engine.judging", ALONE),
    ("engine.text_kernels", ALONE),
    ("engine.truth_kernels", ALONE),
    ("engine.loops", ALONE),
    ("engine.row_expressions", ALONE),
    ("engine.row_tags", ALONE),
    ("engine.row_layouts", ALONE),
    ("engine.row_writer", ALONE),
    ("engine.row_layout_writer", ALONE),
    ("engine.row_code", ALONE),
    ("engine.outcomes", ALONE),
    ("engine.rule_points", ALONE),
    ("engine.batch_marks", ALONE),
    ("engine.totals", ALONE),
    ("engine.chats", ALONE),
    ("engine.batch", ALONE),
    ("engine.plain", ALONE),
    ("engine.run", ALONE),
    ("engine.stopwatch", ALONE),
    # the public face
    ("explaining", ALONE),
    ("explaining.places", ALONE),
    ("explaining.words", ALONE),
    ("explaining.html", ALONE),
    ("explaining.explanation", ALONE),
    ("scores", ALONE),
    ("joined_scores", ALONE),
    ("submission", ALONE),
    ("bridges", ALONE),
    ("reward", ALONE),
    ("__init__", ALONE),
    # the adversary
    ("attack.*", PEERS_MAY_IMPORT),
    # the edge
    ("samples", ALONE),
    ("samples.*", PEERS_MAY_IMPORT),
    ("scoring", ALONE),
    ("scoring.*", PEERS_MAY_IMPORT),
    ("report", ALONE),
    ("report.*", PEERS_MAY_IMPORT),
    ("trainer.*", PEERS_MAY_IMPORT),
    ("editor", ALONE),
    ("editor.*", PEERS_MAY_IMPORT),
    ("commands", ALONE),
    ("commands.*", PEERS_MAY_IMPORT),
    ("cli", ALONE),
    ("__main__", ALONE),
)

VERIFIERS_KNOW = (
    "verdict",
    "verifier",
    "types",
    "sandbox.run",
    "sandbox.assertions",
    "libraries",
    "json_text",
    "prose",
    "scripts",
    "patterns.parse",
    "patterns.pattern",
    "answers",
    "answers.*",
    "work.*",
)
NAMESPACES = ("grammars", "trainer", "verifiers")  # folders without an `__init__.py`: importing one loads no code
TRAINER_IS_IMPORTED_BY = ("trainer.*", "commands.train", "commands.runs", "commands.runs_*", "commands.demo")

ALL = modules()


def _layer(name: str) -> int | None:
    return next((index for index, (pattern, _) in enumerate(ORDER) if fnmatch.fnmatchcase(name, pattern)), None)


def _own(module: Module) -> Iterator[tuple[str, int]]:
    """The modules of this package that a module imports, by the names of the table."""
    names = {other.name for other in ALL}
    for full, line in module.imports():
        if full.split(".")[0] != "rewardlang":
            continue
        inner = full.removeprefix("rewardlang").removeprefix(".")
        if inner in NAMESPACES:
            continue
        while inner and inner not in names:
            inner = inner.rpartition(".")[0]
        yield inner or "__init__", line


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


@pytest.mark.parametrize("module", ALL, ids=lambda module: module.name)
def test_every_module_has_a_place_in_the_table(module: Module) -> None:
    """A new module is put into ORDER, where its imports allow it."""
    assert _layer(module.name) is not None, f"add rewardlang.{module.name} to ORDER in tests/test_layers.py, below what it imports"


@pytest.mark.parametrize("module", ALL, ids=lambda module: module.name)
def test_imports_go_one_way(module: Module) -> None:
    """A module imports only what stands above its own line."""
    here = _layer(module.name)
    for name, line in _own(module):
        there = _layer(name)
        assert here is not None
        assert there is not None
        where = f"{module.path}:{line}: rewardlang.{module.name} imports rewardlang.{name}"
        if there == here and name != module.name:
            assert ORDER[here][1], f"{where}, its peer; peers of '{ORDER[here][0]}' know nothing of one another"
        else:
            assert there < here or name == module.name, f"{where}, which stands below it in ORDER"


def test_no_circles() -> None:
    """No module reaches itself through its imports."""
    graph = {module.name: {name for name, _ in _own(module) if name != module.name} for module in ALL}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, "circle: " + " -> ".join((*path[path.index(name) :], name))
        if name not in done:
            for other in graph[name]:
                visit(other, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("module", [module for module in ALL if module.name.startswith("verifiers.")], ids=lambda module: module.name)
def test_a_verifier_knows_only_verdicts_answers_and_its_declaration(module: Module) -> None:
    """A verifier never sees weights, plans or the trainer, and imports no other verifier."""
    for name, line in _own(module):
        assert _matches(name, VERIFIERS_KNOW), f"{module.path}:{line}: a verifier may not import rewardlang.{name}"


def test_only_three_commands_import_the_trainer() -> None:
    """The trainer stands on the language; only the commands `train`, `runs` and `demo` stand on the trainer."""
    for module in ALL:
        for name, line in _own(module):
            if name.startswith("trainer."):
                assert _matches(module.name, TRAINER_IS_IMPORTED_BY), f"{module.path}:{line}: rewardlang.{module.name} imports the trainer"


def test_one_module_knows_lark() -> None:
    """Lark makes the stored parse table and nothing else: what it returns never leaves that module."""
    users = {module.name for module in ALL if any(full.split(".")[0] == "lark" for full, _ in module.imports())}
    assert users == {"parsing.table_from_grammar"}


def test_training_libraries_stay_in_the_trainer() -> None:
    """They are imported in `trainer/` alone; but for reasoning-gym, in the worker that asks it for scores."""
    heavy = {"torch", "trl", "transformers", "peft", "datasets", "accelerate", "reasoning_gym", "bitsandbytes", "vllm", "triton"}
    for module in ALL:
        for full, line in module.imports():
            if full.split(".")[0] in heavy:
                in_worker = (module.name, full.split(".")[0]) == ("work.puzzle_scores", "reasoning_gym")
                assert module.name.startswith("trainer.") or in_worker, f"{module.path}:{line}: rewardlang.{module.name} imports {full}"


def _broad_handlers(tree: ast.Module) -> Iterator[ast.ExceptHandler]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(item is None or (isinstance(item, ast.Name) and item.id in ("Exception", "BaseException")) for item in caught):
                yield node


def test_except_exception_stands_in_one_place() -> None:
    """One guarded boundary turns what a verifier raised into a failed verdict; everywhere else an unexpected error is shown."""
    places = [f"{module.name}:{handler.lineno}" for module in ALL for handler in _broad_handlers(module.tree)]
    assert len(places) == 1, places


def test_nothing_is_evaluated_or_interrupted() -> None:
    """No `eval`, `exec` or `sympify`, and no alarm signal: they run what a model wrote, or need the main thread.

    The sandbox's child process is there to run what a model wrote, once it has confined itself; nothing imports it. Code is
    compiled in one place, from plans, without anything in it of what a file or a model wrote.
    """
    for module in ALL:
        if module.name == "sandbox.child":
            assert not any(name == "sandbox.child" for other in ALL if other is not module for name, _ in _own(other))
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
                banned = {"exec", "sympify", "setitimer", "alarm", "parse_expr", "set_int_max_str_digits"}
                plain_eval = called == "eval" and isinstance(node.func, ast.Name)
                compiles = called == "compile" and isinstance(node.func, ast.Name)
                assert called not in banned, f"{module.path}:{node.lineno}: {called}"
                assert not plain_eval, f"{module.path}:{node.lineno}: eval"
                assert not compiles or module.name == "engine.row_expressions", f"{module.path}:{node.lineno}: compile"


@pytest.mark.parametrize("name", ["rewardlang", "rewardlang.cli"])
def test_importing_the_language_loads_no_heavy_library(name: str) -> None:
    """`import rewardlang` loads neither torch nor trl nor sympy nor numpy nor pandas; each is loaded by what needs it."""
    heavy = ["torch", "trl", "transformers", "datasets", "sympy", "numpy", "pandas", "pyarrow", "rich"]
    code = f"import sys, {name}; print([name for name in {heavy!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert shown.strip() == "[]"
