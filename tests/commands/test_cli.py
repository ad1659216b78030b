"""The command line before a command: the overview, what was misspelt, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rewardlang import __version__
from rewardlang.commands import entries, story
from tests.commands.conftest import REWARD, Run


def test_alone_it_tells_the_commands_as_one_story(run: Run) -> None:
    """Write, believe, use; only commands that this installation has."""
    result = run()
    assert result.code == 0
    assert result.out.index("\nwrite\n") < result.out.index("\nbelieve\n") < result.out.index("\nuse\n")
    assert [part for part, _ in story()] == ["write", "believe", "use"]
    assert run("--help").out == result.out


@pytest.mark.parametrize("name", sorted(entries()))
def test_every_command_has_help_with_an_example(run: Run, name: str) -> None:
    """`--help` shows an example that begins with the command, its `--json`, and the exit codes."""
    result = run(name, "--help")
    assert result.code == 0
    assert f"rewardlang {name}" in result.out.partition("example:")[2]
    assert "exit codes: 0 fine, 1 findings, 2 wrong use" in result.out
    assert "--json" in result.out or name == "lsp"  # which speaks nothing else
    assert run("help", name).out == result.out


def test_the_version(run: Run) -> None:
    """One line."""
    assert run("--version").out == f"rewardlang {__version__}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["chekc"], "rewardlang: unknown command: chekc; did you mean 'check'?"),
        (["xyzzy"], "rewardlang: unknown command: xyzzy; the commands are init, check, fmt, help, test, example"),
        (["--versoin"], "rewardlang: unknown flag: --versoin; did you mean '--version'?"),
        (["check", "math.reward", "--sample", "s"], "rewardlang check: unknown flag: --sample; did you mean '--samples'?"),
        (["check", "math.rewrd"], "rewardlang check: there is no file math.rewrd; did you mean 'math.reward'?"),
        (["check", "math.reward", "--samples", "nowhere/s.jsonl"], "there is no file nowhere/s.jsonl (there is no folder nowhere)"),
        (["check"], "rewardlang check: the following arguments are required: FILE"),
        (["check", "math.reward", "--map", "completion"], "--map wants OURS=THEIRS"),
        (["check", "math.reward", "--step", "-1"], "a step is a whole number from 0, found '-1'"),
        (["check", "math.reward", "--with", "row.json"], "give the document with --text"),
        (["check", "."], "rewardlang check: . is a folder; a file is wanted"),
        (["help", "RW10"], "there is no code RW10; did you mean RW101"),
        (["score", "math.reward", "--samples", "samples.jsonl", "--out", "x.txt"], "must end in .jsonl or .parquet"),
        (["explain", "math.reward", "--samples", "samples.jsonl", "--row", "q11"], "has no row 'q11'; did you mean 'q1'"),
        (["explain", "math.reward", "--samples", "samples.jsonl", "--row", "q4", "--completion", "3"], "row 'q4' has 2 completions"),
        (["init", "laws"], "unknown template: laws; did you mean 'law'?"),
        (["fmt", "-", "math.reward"], "standard input ('-') is formatted alone"),
    ],
)
def test_wrong_use_is_told_on_standard_error_and_ends_with_2(run: Run, words: list[str], message: str) -> None:
    """The message says what was wrong in the words that were typed, and what was probably meant."""
    result = run(*words)
    assert result.code == 2
    assert result.out == ""
    assert message in result.err
    assert "Traceback" not in result.err


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """`rewardlang help | head -1`, as a process with a pipe."""
    command = [sys.executable, "-m", "rewardlang", "help"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(60) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


def test_check_loads_neither_numpy_nor_a_tool_of_training(tmp_path: Path) -> None:
    """The whole command is short, so it imports little: this is what keeps it under its time."""
    (tmp_path / "math.reward").write_text(REWARD, encoding="utf-8")
    (tmp_path / "s.jsonl").write_text(json.dumps({"completion": "<answer>5</answer>", "answer": "5"}), encoding="utf-8")
    code = (
        "import sys; from rewardlang.cli import main; main(sys.argv[1:]); "
        "print(sorted({'numpy', 'torch', 'sympy', 'pyarrow', 'rich', 'pandas', 'lark'} & set(sys.modules)), file=sys.stderr)"
    )
    words = ["check", "math.reward", "--samples", "s.jsonl"]
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_the_collector_looks_seldom_while_a_command_starts(tmp_path: Path) -> None:
    """As a process of its own; a program that calls `main` keeps its own settings."""
    (tmp_path / "form.reward").write_text(REWARD, encoding="utf-8")
    looks = []
    for entry in ("from rewardlang.__main__ import program as run", "from rewardlang.cli import main as run"):
        count = "gc.get_stats()[0]['collections']"
        code = f"import gc, sys; before = {count}; {entry}; run(); print({count} - before, file=sys.stderr)"
        words = [sys.executable, "-c", code, "check", "form.reward"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
        looks.append(int(done.stderr.splitlines()[-1]))
    assert looks[0] < looks[1] / 5
