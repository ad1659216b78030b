"""`score --engine ray`: the bytes of the local engine, whatever dies on the way.

The tests with a cluster take four minutes: they run with REWARDLANG_LONG_TESTS=1, where ray is installed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Run
from tests.scoring.conftest import REWARD_TEXT, row_of, write_rows
from tests.sources import ROOT

LONG = bool(os.environ.get("REWARDLANG_LONG_TESTS"))
HAS_RAY = importlib.util.find_spec("ray") is not None
needs_a_cluster = [
    pytest.mark.skipif(not LONG, reason="takes long: set REWARDLANG_LONG_TESTS=1"),
    pytest.mark.skipif(not HAS_RAY, reason="needs ray: pip install 'rewardlang[ray]'"),
    pytest.mark.filterwarnings("ignore"),
]
NUM_ROWS, GROUP = 320_000, 40_000

# Loaded by every Python that starts with this folder on its path, the workers of a cluster included. A file named in the
# environment says what is to happen; each happens once.
MISHAPS = """
import os, pathlib, signal, sys, time
folder = pathlib.Path(os.environ.get("MISHAPS", "/nonexistent"))

def once(name):
    try:
        (folder / name).rename(folder / (name + ".done"))
    except OSError:
        return False
    return True

if folder.is_dir():
    from rewardlang.scoring import growing, on_ray, pieces
    add, marked = growing.Growing.add, pieces._marked

    def mishap_while_adding(self, piece):
        add(self, piece)
        if len(self.entries) + len(self._pending) == 5:
            self.keep()
            if once("kill the driver"):
                os.kill(os.getpid(), signal.SIGKILL)
            if once("wait at the fifth piece"):
                while not (folder / "go on").exists():
                    time.sleep(0.05)

    def mishap_while_marking(job, samples, chunk, first):
        found = marked(job, samples, chunk, first)
        if getattr(chunk, "first", 0) > 100_000 and once("kill the worker"):
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    growing.Growing.add, pieces._marked = mishap_while_adding, mishap_while_marking
"""


class Place:
    """A folder with samples, a cluster of two machines (raylets) with a core each, and the command."""

    def __init__(self, folder: Path, cluster: Any) -> None:
        self.folder, self.cluster = folder, cluster

    def start(self, out: str, *, ray: bool = True) -> subprocess.Popen[str]:
        """The command, started."""
        words = ["score", "math.reward", "--samples", "in.parquet", "--out", out, "--json"]
        words += ["--engine", "ray", "--ray-address", self.cluster.address] if ray else []
        command = [sys.executable, "-m", "rewardlang", *words]
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def score(self, out: str, *, ray: bool = True) -> Any:
        """The command to its end, which must be good; its summary."""
        process = self.start(out, ray=ray)
        told, complaints = process.communicate(timeout=300)
        assert process.returncode == 0, complaints
        return json.loads(told)

    def is_the_local_one(self, out: str) -> bool:
        """Whether an output has the bytes that the local engine writes."""
        self.score("local.parquet", ray=False)
        return (self.folder / out).read_bytes() == (self.folder / "local.parquet").read_bytes()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A cluster that is gone when the test ends."""
    from ray.cluster_utils import Cluster

    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(MISHAPS, encoding="utf-8")
    (tmp_path / "math.reward").write_text(REWARD_TEXT, encoding="utf-8")
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = [row_of(number % 90) | {"id": number} for number in range(NUM_ROWS)]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "in.parquet", row_group_size=GROUP)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("MISHAPS", str(tmp_path))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        yield Place(tmp_path, cluster)
    finally:
        cluster.shutdown()


class TestOnACluster:
    """Two machines, one of which may go."""

    pytestmark = needs_a_cluster

    def test_a_killed_worker_costs_nothing(self, place: Place) -> None:
        """A process that dies in the middle of a part: the part is done again."""
        (place.folder / "kill the worker").touch()
        assert place.score("out.parquet")["rows"] == NUM_ROWS
        assert (place.folder / "kill the worker.done").exists()
        assert place.is_the_local_one("out.parquet")

    def test_a_killed_driver_is_gone_on_with(self, place: Place) -> None:
        """The same command goes on behind what was kept, here with the other engine as well as with the same."""
        for ray in (True, False):
            out = f"out{ray}.parquet"
            (place.folder / "kill the driver").touch()
            killed = place.start(out)
            killed.communicate(timeout=300)
            assert killed.returncode == -signal.SIGKILL
            summary = place.score(out, ray=ray)
            assert summary["rows"] == NUM_ROWS
            assert 0 < summary["resumed"] < NUM_ROWS
            assert place.is_the_local_one(out)

    def test_a_killed_machine_costs_nothing(self, place: Place) -> None:
        """A raylet is killed while parts are under way, and with it the results that it held."""
        (place.folder / "wait at the fifth piece").touch()
        process = place.start("out.parquet")
        until = time.monotonic() + 240
        while not (place.folder / "wait at the fifth piece.done").exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until, "the driver did not come so far"
            time.sleep(0.1)
        (machine,) = (node for node in place.cluster.list_all_nodes() if node is not place.cluster.head_node)
        place.cluster.remove_node(machine, allow_graceful=False)
        (place.folder / "go on").touch()
        told, complaints = process.communicate(timeout=300)
        assert process.returncode == 0, complaints
        assert json.loads(told)["rows"] == NUM_ROWS
        assert place.is_the_local_one("out.parquet")


def test_a_pipe_is_for_the_local_engine(run: Run) -> None:
    """The machines of a cluster do not see it."""
    result = run("score", "math.reward", "--samples", "-", "--out", "out.jsonl", "--engine", "ray")
    assert (result.code, "standard input is read by --engine local" in result.err) == (2, True)


def test_an_address_is_for_the_engine_ray(run: Run) -> None:
    """It would be passed over without a word."""
    result = run("score", "math.reward", "--samples", "samples.jsonl", "--out", "out.jsonl", "--ray-address", "10.0.0.1:6379")
    assert (result.code, "--ray-address is for --engine ray" in result.err) == (2, True)


def test_a_missing_ray_is_told_with_its_remedy(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra that brings it is named, and nothing is left behind."""
    monkeypatch.setitem(sys.modules, "ray", None)
    write_rows(tmp_path, "in.jsonl", [row_of(1)])
    result = run("score", "math.reward", "--samples", "in.jsonl", "--out", "out.jsonl", "--engine", "ray")
    assert (result.code, "pip install 'rewardlang[ray]'" in result.err) == (2, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "math.reward", "samples.jsonl"]
