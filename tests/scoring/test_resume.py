"""A run of `score` that was stopped goes on where it was: nothing is lost or doubled, and the bytes are those of a run in one go."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rewardlang.scoring.growing import Growing
from rewardlang.scoring.pieces import Piece
from tests.commands.conftest import Run
from tests.scoring.conftest import NUM_ROWS, row_of, score, write_rows
from tests.sources import ROOT

FORMS = [("in.jsonl", "out.jsonl"), ("in.parquet", "out.parquet"), ("in.parquet", "out.jsonl"), ("in.jsonl", "out.parquet")]

# Loaded by every Python that starts with this folder on its path: pieces of two rows, and a kill before the fourth one is kept.
KILL = """
import os, signal, sys
if "score" in sys.argv and os.environ.get("KILL_AT"):
    from rewardlang.scoring import chunks, growing, inputs
    chunks._MOST_ROWS, inputs._PART_BYTES, growing._SECONDS = 2, 500, -1.0
    keep, kept = growing.Growing.keep, []
    def killed(self):
        kept.append(1)
        if len(kept) == int(os.environ["KILL_AT"]):
            self.stream.write(b"half a piece")
            self.stream.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        keep(self)
    growing.Growing.keep = killed
"""


@pytest.fixture
def stop_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list; while it holds a number, the disk is full when so many pieces were taken."""
    left: list[int] = []
    add = Growing.add

    def limited(self: Growing, piece: Piece) -> None:
        if left:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        add(self, piece)

    monkeypatch.setattr(Growing, "add", limited)
    return left


def names(folder: Path) -> list[str]:
    """What is in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(("source", "out"), FORMS)
def test_a_run_goes_on_after_any_piece(run: Run, tmp_path: Path, small_pieces: None, stop_at: list[int], source: str, out: str) -> None:
    """Stopped again and again by a full disk, each time after three more pieces, it ends with the bytes of a run in one go."""
    write_rows(tmp_path, source, [row_of(number) for number in range(NUM_ROWS)])
    whole = score(run, source, f"whole.{out}")
    there = 0
    for _ in range(10):
        stop_at[:] = [3]
        result = run("score", "math.reward", "--samples", source, "--out", out, "--json")
        if result.code == 0:
            break
        assert f"cannot go on to write {out}: no space left on device" in result.err
        assert "kept for the next run" in result.err
        assert there == 0 or f"going on after {there} rows" in result.err
        assert not (tmp_path / out).exists()
        there = sum(json.loads(line)[3] for line in (tmp_path / f".{out}.journal").read_text().splitlines()[1:])
    assert result.code == 0
    assert (tmp_path / out).read_bytes() == (tmp_path / f"whole.{out}").read_bytes()
    assert result.json | {"seconds": 0, "resumed": 0, "out": ""} == whole | {"seconds": 0, "resumed": 0, "out": ""}
    assert 0 < result.json["resumed"] < NUM_ROWS
    assert names(tmp_path) == sorted(["math.reward", "samples.jsonl", source, out, f"whole.{out}"])


def test_any_part_of_the_journal_will_do(run: Run, tmp_path: Path, small_pieces: None, stop_at: list[int]) -> None:
    """The journal cut off at any byte, and half a piece at the end of the others: what a kill or a power cut may leave."""
    write_rows(tmp_path, "in.parquet", [row_of(number) for number in range(NUM_ROWS)])
    score(run, "in.parquet", "whole.parquet")
    stop_at[:] = [6]
    assert run("score", "math.reward", "--samples", "in.parquet", "--out", "out.parquet").code == 1
    stop_at.clear()
    journal, growing = tmp_path / ".out.parquet.journal", tmp_path / ".out.parquet.growing"
    lines, pieces = journal.read_bytes(), growing.read_bytes()
    head = lines.index(b"\n") + 1
    for cut in (0, head - 1, head, head + 10, len(lines) // 2, len(lines) - 1, len(lines)):
        journal.write_bytes(lines[:cut])
        growing.write_bytes(pieces + b"half a piece")
        score(run, "in.parquet", "out.parquet")
        assert (tmp_path / "out.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
        assert not journal.exists()
        assert not growing.exists()


def test_a_journal_that_is_ahead_of_its_pieces_is_not_believed(run: Run, tmp_path: Path, small_pieces: None, stop_at: list[int]) -> None:
    """A disk that lost the end of the pieces costs those pieces and nothing else."""
    write_rows(tmp_path, "in.jsonl", [row_of(number) for number in range(NUM_ROWS)])
    score(run, "in.jsonl", "whole.jsonl")
    stop_at[:] = [6]
    assert run("score", "math.reward", "--samples", "in.jsonl", "--out", "out.jsonl").code == 1
    stop_at.clear()
    growing = tmp_path / ".out.jsonl.growing"
    growing.write_bytes(growing.read_bytes()[:-1])
    assert 0 < score(run, "in.jsonl", "out.jsonl")["resumed"] < 12
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


@pytest.mark.parametrize("change", ["reward", "samples", "step"])
def test_a_run_of_something_else_begins_anew(run: Run, tmp_path: Path, small_pieces: None, stop_at: list[int], change: str) -> None:
    """Another reward, other samples or another step: what is there would not go with it, and this is said."""
    samples = write_rows(tmp_path, "in.jsonl", [row_of(number) for number in range(NUM_ROWS)])
    stop_at[:] = [6]
    assert run("score", "math.reward", "--samples", "in.jsonl", "--out", "out.jsonl").code == 1
    stop_at.clear()
    if change == "reward":
        reward = tmp_path / "math.reward"
        reward.write_text(reward.read_text(encoding="utf-8").replace("award 0.5", "award 0.25"), encoding="utf-8")
    elif change == "samples":
        samples.write_bytes(samples.read_bytes() + b"\n")
    step = ["--step", "7"] if change == "step" else []
    result = run("score", "math.reward", "--samples", "in.jsonl", "--out", "out.jsonl", "--json", *step)
    assert "it is begun anew" in result.err
    assert (result.json["rows"], result.json["resumed"]) == (NUM_ROWS, 0)


def test_rows_that_cannot_be_scored_leave_nothing_to_go_on_with(run: Run, tmp_path: Path, small_pieces: None) -> None:
    """They must change first, and then it is another file."""
    rows = [row_of(number) for number in range(NUM_ROWS)]
    del rows[17]["answer"]
    write_rows(tmp_path, "in.jsonl", rows)
    result = run("score", "math.reward", "--samples", "in.jsonl", "--out", "out.jsonl")
    assert result.code == 1
    assert " --> in.jsonl:18\n" in result.err
    assert names(tmp_path) == ["in.jsonl", "math.reward", "samples.jsonl"]


def test_a_real_full_disk_is_told(run: Run) -> None:
    """`/dev/full` is a device on which no byte fits."""
    if not Path("/dev/full").is_char_device():
        pytest.skip("no /dev/full here")
    result = run("score", "math.reward", "--samples", "samples.jsonl", "--out", "/dev/full")
    assert result.code == 1
    assert "cannot go on to write /dev/full: no space left on device\nnothing is in /dev/full\n" in result.err


def test_two_runs_do_not_write_one_file(run: Run, tmp_path: Path) -> None:
    """The second is refused while the first is at it."""
    pytest.importorskip("fcntl")
    with Growing(tmp_path / "out.jsonl", {}):
        result = run("score", "math.reward", "--samples", "samples.jsonl", "--out", "out.jsonl")
    assert result.code == 2
    assert "another run is writing" in result.err


def test_a_killed_process_is_gone_on_with(run: Run, tmp_path: Path) -> None:
    """SIGKILL in the middle of a piece; then the rest, with the bytes of a run in one go."""
    if not hasattr(signal, "SIGKILL"):
        pytest.skip("there is no SIGKILL here")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(KILL, encoding="utf-8")
    write_rows(tmp_path, "in.jsonl", [row_of(number) for number in range(NUM_ROWS)])
    score(run, "in.jsonl", "whole.jsonl")
    command = [sys.executable, "-m", "rewardlang", "score", "math.reward", "--samples", "in.jsonl", "--out", "out.jsonl", "--json"]
    paths = os.pathsep.join([str(tmp_path / "site"), str(ROOT), os.environ.get("PYTHONPATH", "")])
    for kill_at, code in (("4", -signal.SIGKILL), ("1000", 0)):
        environment = {**os.environ, "PYTHONPATH": paths, "KILL_AT": kill_at}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == code, done.stderr
    assert json.loads(done.stdout)["resumed"] == 6
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
