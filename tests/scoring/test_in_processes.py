"""`score --workers N`: the bytes of one process, whatever dies on the way."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest

from rewardlang.reward import load, loads
from rewardlang.scoring import growing, in_processes, inputs, table_chunks
from rewardlang.scoring.inputs import Part, parts_of
from rewardlang.scoring.part_worker import Order
from rewardlang.scoring.pieces import Job, job_of
from rewardlang.scoring.run import EngineLost, one_after_the_other
from tests.commands.conftest import Run
from tests.scoring.conftest import NUM_ROWS, row_of, score, write_rows

EXTERNAL = """rewardlang 1
reward r
use python "judge:fine" as fine(text: text) returns number between 0 and 1 timeout 20 s on error 0

rule a: award 1 point when fine(completion) > 0.5

score between 0 and 1
"""


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """About five rows a part. The pieces are as large as they are, since other processes know of no change here."""
    monkeypatch.setattr(inputs, "_PART_BYTES", 500)
    monkeypatch.setattr(table_chunks, "_PART_ROWS", 5)
    monkeypatch.setattr(growing, "_SECONDS", -1.0)


@pytest.fixture
def parts(run: Run, tmp_path: Path, small_parts: None) -> list[Part]:
    """A Parquet file in parts of three rows."""
    path = write_rows(tmp_path, "in.parquet", [row_of(number) for number in range(NUM_ROWS)])
    return [part for part in parts_of([str(path)], {}) if isinstance(part, Part)]


@pytest.fixture
def job(run: Run, tmp_path: Path) -> Job:
    """What is done to each part."""
    return job_of(load(tmp_path / "math.reward"), 0, {}, "parquet")


@pytest.mark.parametrize(("source", "out"), [("in.jsonl", "out.parquet"), ("in.parquet", "out.jsonl")])
def test_the_bytes_are_those_of_one_process(run: Run, tmp_path: Path, small_parts: None, source: str, out: str) -> None:
    """Also where a piece cannot be copied as bytes; and a bad row is told as ever."""
    write_rows(tmp_path, source, [row_of(number) for number in range(NUM_ROWS)])
    alone = score(run, source, f"alone.{out}", "--workers", "1")
    several = score(run, source, out, "--workers", "2")
    assert several | {"seconds": 0, "out": ""} == alone | {"seconds": 0, "out": ""}
    assert (tmp_path / out).read_bytes() == (tmp_path / f"alone.{out}").read_bytes()


def test_bad_rows_are_told_as_by_one_process(run: Run, tmp_path: Path, small_parts: None) -> None:
    """With their lines, in order, wherever they were found."""
    rows = [row_of(number) for number in range(NUM_ROWS)]
    for number in (3, 17, 22):
        del rows[number]["answer"]
    write_rows(tmp_path, "in.jsonl", rows)
    alone, several = (run("score", "math.reward", "--samples", "in.jsonl", "--out", "o.jsonl", "--workers", count) for count in "12")
    assert several == alone
    assert [f"in.jsonl:{line}" in several.err for line in (4, 18, 23)] == [True] * 3


def test_a_file_that_has_gone_costs_nothing_that_stands_before_it(parts: list[Part], job: Job) -> None:
    """What is read beyond a part is another matter than that part, whose pieces come first."""
    gone = parts[2]._replace(path="gone.parquet")
    given = one_after_the_other(job, [*parts[:2], gone, *parts[3:]], 0, 0)
    assert [next(given), next(given)] == list(one_after_the_other(job, parts[:2], 0, 0))
    with pytest.raises(FileNotFoundError):
        next(given)


def test_a_run_goes_on_in_any_number_of_processes(run: Run, tmp_path: Path, small_parts: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped by a full disk in one process, ended by two."""
    from rewardlang.scoring.growing import Growing

    write_rows(tmp_path, "in.parquet", [row_of(number) for number in range(NUM_ROWS)])
    score(run, "in.parquet", "alone.parquet", "--workers", "1")
    add, added = Growing.add, []

    def full_at_the_third(self: Growing, piece: object) -> None:
        added.append(piece)
        if len(added) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        add(self, piece)  # type: ignore[arg-type]

    monkeypatch.setattr(Growing, "add", full_at_the_third)
    assert run("score", "math.reward", "--samples", "in.parquet", "--out", "out.parquet", "--workers", "1").code == 1
    assert score(run, "in.parquet", "out.parquet", "--workers", "2")["resumed"] > 0
    assert (tmp_path / "out.parquet").read_bytes() == (tmp_path / "alone.parquet").read_bytes()


def test_a_process_that_dies_is_replaced(parts: list[Part], job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is killed before its first part; every part is there once, in order."""
    alone = list(one_after_the_other(job, parts, 0, 0))
    asked, killed = in_processes._asked, threading.Event()

    def killing(process: in_processes.Process, order: Order) -> object:
        if not killed.is_set():
            killed.set()
            process.kill()
        return asked(process, order)

    monkeypatch.setattr(in_processes, "_asked", killing)
    monkeypatch.setattr(in_processes, "pieces_of", lambda job, *order: killed.wait() and iter(alone[order[0] : order[0] + 1]))
    with in_processes.in_processes(2) as engine:
        assert list(engine(job, parts, 0, 0)) == alone
    assert killed.is_set()


def test_processes_that_keep_dying_stop_the_run(parts: list[Part], job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written is kept, and the same command goes on."""
    alone, dead = list(one_after_the_other(job, parts, 0, 0)), threading.Event()

    def dying(process: in_processes.Process, order: Order) -> object:
        process.kill()
        dead.set()
        raise EOFError

    monkeypatch.setattr(in_processes, "_asked", dying)
    monkeypatch.setattr(in_processes, "pieces_of", lambda job, *order: dead.wait() and iter(alone[order[0] : order[0] + 1]))
    with in_processes.in_processes(2) as engine, pytest.raises(EngineLost, match=r"ended twice \(signal 9\)"):
        list(engine(job, parts, 0, 0))


def test_there_are_no_more_processes_than_are_worth_their_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One for a small file, and where verdicts are reached in processes anyway; one for each core where there is much to do."""
    monkeypatch.setattr(in_processes, "_cores", lambda: 4)
    cheap = loads("rewardlang 1\nreward r\n\nrule a: award 1 point when completion is present\n\nscore between 0 and 1\n")
    groups = [Part("a.parquet", "groups", index, index + 1, 1 << 16) for index in range(40)]
    lines = [Part("a.jsonl", "lines", 0, 1 << 26, 1 << 26) for _ in range(40)]
    files = [Part("a.csv", "file") for _ in range(40)]
    of = {1: groups[:7], 2: groups[:8], 4: groups}
    assert {count: in_processes.processes_of(job_of(cheap, 0, {}, "jsonl"), given) for count, given in of.items()} == {1: 1, 2: 2, 4: 4}
    assert [in_processes.processes_of(job_of(cheap, 0, {}, "jsonl"), given) for given in (lines, files)] == [4, 1]
    (tmp_path / "judge.py").write_text("def fine(text):\n    return 1\n", encoding="utf-8")
    assert in_processes.processes_of(job_of(loads(EXTERNAL, folder=tmp_path), 0, {}, "jsonl"), groups) == 1


def test_workers_are_for_the_local_engine(run: Run) -> None:
    """On a cluster, Ray says how many there are."""
    words = ["score", "math.reward", "--samples", "samples.jsonl", "--out", "out.jsonl", "--workers"]
    assert "--workers is for --engine local" in run(*words, "2", "--engine", "ray").err
    assert "a whole number from 1 is wanted, found '0'" in run(*words, "0").err
