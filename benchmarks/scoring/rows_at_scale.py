"""Reading, scoring and writing rows of Parquet: how fast beside scoring alone, and how much memory it takes.

    python benchmarks/scoring/rows_at_scale.py --rows 1000000 --engines local,workers --out benchmarks/results/DATE-rows-1m
    python benchmarks/scoring/rows_at_scale.py --rows 10000000 --rounds 1 --engines local,workers,ray-killed --out DATE-rows-10m

Completions are those of notebook_completions.py; beyond 131,072 rows the texts come again, in other groups of rows. Each round scores
alone (up to a million rows, in memory, in the batches of the command, nothing read or written while the clock runs), runs the command
from start to end, its start included, and scores alone once more; the share is the median over rounds, each of the mean of its two
measures of scoring alone. The package is compiled to bytecode, as an installed one is. The memory is that of the command's processes,
or of all processes of the local cluster, twice a second; it is drawn into OUT.svg, and OUT.json has all numbers. Shares are given by the
clock, and by the seconds of processors, which a machine with other work to do tells more truly. The engine `local` is one process,
`workers` one for each core; `ray-killed` is `ray`, with one worker killed by SIGKILL after half a minute.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow
from pyarrow import parquet

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import memory_plot  # noqa: E402
from notebook_completions import completions  # noqa: E402

import rewardlang  # noqa: E402 - the tree that this script stands in
from rewardlang.scoring.inputs import Part, parts_of  # noqa: E402
from rewardlang.scoring.pieces import job_of, pieces_of  # noqa: E402
from rewardlang.scoring.targets import target_of  # noqa: E402

REWARDS = {
    "notebooks": (ROOT / "examples" / "gsm8k_xml_port" / "gsm8k_xml.reward", "answer"),
    "whole": (ROOT / "benchmarks" / "scoring" / "gsm8k.reward", "gold"),
}
"""Each with the name of the column that holds the right answer."""
GROUP = 1 << 16
DIFFERENT = 1 << 17
_BATCH = 1 << 12
_KILL_AT = 60
_ALONE = 1_000_000
SCHEMA = pyarrow.schema({"id": pyarrow.int64(), "prompt": pyarrow.string(), "completion": pyarrow.string(), "answer": pyarrow.string()})


def generate(path: Path, rows: int) -> None:
    """Writes the rows, a group at a time; eight follow one prompt."""
    made = completions(min(rows, DIFFERENT), seed=2)
    with parquet.ParquetWriter(path, SCHEMA) as writer:
        for first in range(0, rows, GROUP):
            ids = range(first, min(first + GROUP, rows))
            prompts = [f"How many, in the shop of number {number // 8}?" for number in ids]
            texts, golds = zip(*(made[number % DIFFERENT] for number in ids), strict=True)
            writer.write_table(pyarrow.table([list(ids), prompts, texts, golds], schema=SCHEMA))


def alone(reward_name: str, path: Path, rows: int) -> tuple[float, float]:
    """Seconds in `Reward.score` for the rows, which are read before the clock runs: by the clock, and of processors."""
    file, column = REWARDS[reward_name]
    reward = rewardlang.load(file)
    seconds = processor = 0.0
    for batch in parquet.ParquetFile(path).iter_batches(_BATCH, columns=["completion", "answer"]):
        completions, answers = (column.to_pylist() for column in batch.columns)
        begin, begun = time.perf_counter(), time.process_time()
        reward.score(completions, columns={column: answers})
        seconds += time.perf_counter() - begin
        processor += time.process_time() - begun
        rows -= len(completions)
        if rows <= 0:
            break
    return seconds, processor


def command(reward_name: str, path: Path, out: Path, engine: str) -> tuple[float, float, list[tuple[float, float]]]:
    """The command in a process of its own: seconds on the clock, seconds of processors (not of Ray's), and (second, MB) samples."""
    name = engine.removesuffix("-killed")
    several = ["--engine", "ray"] if name == "ray" else ["--workers", os.cpu_count() if name == "workers" else 1]
    file, column = REWARDS[reward_name]
    words = [
        sys.executable,
        "-m",
        "rewardlang",
        "score",
        file,
        "--samples",
        path,
        "--out",
        out,
        *several,
        "--map",
        f"{column}=answer",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(out.parent), "PYTHONDONTWRITEBYTECODE": ""}
    begin, begun = time.perf_counter(), processor_seconds()
    process = subprocess.Popen(list(map(str, words)), env=environment, stdout=subprocess.PIPE, text=True)
    watch = Watch(psutil.Process(process.pid), begin, kill=name != engine)
    watch.start()
    process.communicate()
    seconds = time.perf_counter() - begin
    watch.join()
    assert process.returncode == 0, engine
    assert watch.killed or name == engine, "no worker was killed"
    return seconds, processor_seconds() - begun, watch.samples


class Watch(threading.Thread):
    """Looks at a process twice a second until it has ended; kills one of its workers, if that is wanted."""

    def __init__(self, process: psutil.Process, begin: float, *, kill: bool) -> None:
        super().__init__()
        self._process, self._begin, self._kill = process, begin, kill
        self.samples: list[tuple[float, float]] = []
        self.killed = False

    def run(self) -> None:
        """Until the process has gone, or waits to be gone."""
        with suppress(psutil.NoSuchProcess):
            self._look()

    def _look(self) -> None:
        while self._process.is_running() and self._process.status() != psutil.STATUS_ZOMBIE:
            self.samples.append((time.perf_counter() - self._begin, sum(memory(each) for each in family(self._process)) / 1e6))
            if self._kill and len(self.samples) >= _KILL_AT and not self.killed:
                self.killed = kill_a_worker(self._process)
            time.sleep(0.5)


def of_the_driver(reward_name: str, path: Path, folder: Path) -> dict[str, float]:
    """What a row costs the process that gathers the pieces of a cluster: its time, and the bytes that reach it."""
    file, column = REWARDS[reward_name]
    job = job_of(rewardlang.load(file), 0, {column: "answer"}, "parquet")
    part = next(part for part in parts_of([str(path)], {}) if isinstance(part, Part))
    (piece,) = pieces_of(job, 0, part)
    times = 16
    with target_of(str(folder / "driver.parquet"), "parquet", {}, lasting=True) as target:
        begin, begun = time.perf_counter(), time.process_time()
        for _ in range(times):
            target.add(piece)
        target.keep()
        seconds, processor = time.perf_counter() - begin, time.process_time() - begun
        target.discard()
    sent = sum(len(segment) for segment in piece.content if isinstance(segment, bytes))
    return {
        "driver_us_a_row": round(seconds / times / piece.rows * 1e6, 3),
        "driver_processor_us_a_row": round(processor / times / piece.rows * 1e6, 3),
        "bytes_sent_a_row": round(sent / piece.rows, 1),
    }


def kill_a_worker(driver: psutil.Process) -> bool:
    """Kills a process that does a task; whether there was one."""
    for process in family(driver):
        if process.name().startswith("ray::_pieces") or "ray::_pieces" in " ".join(process.cmdline()):
            process.kill()
            print(f"killed {process.pid}", flush=True)
            return True
    return False


def family(process: psutil.Process) -> Iterator[psutil.Process]:
    """The process and all that it started."""
    try:
        yield from (process, *process.children(recursive=True))
    except psutil.NoSuchProcess:
        return


def memory(process: psutil.Process) -> int:
    """Bytes that belong to the process alone, and its share of what is shared (PSS)."""
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def processor_seconds() -> float:
    """Seconds of processors of all processes that this one has waited for, and that those have waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tenths(samples: list[tuple[float, float]]) -> list[int]:
    """The median memory in each tenth of a run."""
    parts = np.array_split(np.array([megabytes for _, megabytes in samples]), min(10, len(samples)))
    return [round(float(np.median(part))) for part in parts]


def measured(
    reward_name: str, path: Path, folder: Path, rows: int, rounds: int, engine: str
) -> tuple[dict[str, Any], list[tuple[float, float]]]:
    """The numbers of one engine, and the memory of its last round."""
    out = folder / f"{engine}.parquet"
    pairs: list[tuple[float, float, float, float]] = []
    samples: list[tuple[float, float]] = []
    count = min(rows, _ALONE)
    for _ in range(rounds):
        before = alone(reward_name, path, count)
        seconds, processor, samples = command(reward_name, path, out, engine)
        pair = zip(before, alone(reward_name, path, count), strict=True)
        by_itself, its_processor = (sum(each) / 2 * rows / count for each in pair)
        pairs.append((by_itself, its_processor, seconds, processor))
        print(engine, f"alone {by_itself:.1f} s, the command {seconds:.1f} s, share {by_itself / seconds:.0%}", flush=True)
    found = {
        "share_of_scoring_alone": round(statistics.median(pair[0] / pair[2] for pair in pairs), 3),
        "shares": [round(pair[0] / pair[2], 3) for pair in pairs],
        "scoring_alone_us_a_row": micro(pairs, 0, rows),
        "command_us_a_row": micro(pairs, 2, rows),
        "rows_a_second": round(rows / statistics.median(pair[2] for pair in pairs)),
    }
    if engine in ("local", "workers"):
        found |= {
            "share_by_processor": round(statistics.median(pair[1] / pair[3] for pair in pairs), 3),
            "scoring_alone_processor_us_a_row": micro(pairs, 1, rows),
            "command_processor_us_a_row": micro(pairs, 3, rows),
        }
    memory_found = {"memory_mb_by_tenth": tenths(samples), "memory_mb_most": round(max(megabytes for _, megabytes in samples))}
    return {**found, **memory_found, "sha256": digest(out)}, samples


def micro(pairs: Sequence[tuple[float, ...]], place: int, rows: int) -> float:
    """The median over rounds in microseconds a row."""
    return round(statistics.median(pair[place] for pair in pairs) / rows * 1e6, 2)


def digest(path: Path) -> str:
    """The hash of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def main() -> None:
    """Prints what is measured and writes it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reward", choices=REWARDS, default="notebooks")
    parser.add_argument("--engines", default="local")
    parser.add_argument("--out", help="the results' name, without an ending")
    arguments = parser.parse_args()
    engines = arguments.engines.split(",")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "rows.parquet"
        generate(path, arguments.rows)
        result = {
            "what": f"rewardlang score over Parquet, {REWARDS[arguments.reward][0].name}, beside Reward.score alone",
            "rows": arguments.rows,
            "megabytes_in": round(path.stat().st_size / 1e6),
            "rounds": arguments.rounds,
            "engines": {},
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "load_average_at_the_start": [round(load, 1) for load in os.getloadavg()],
            "python": platform.python_version(),
            "pyarrow": pyarrow.__version__,
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        }
        result |= of_the_driver(arguments.reward, path, folder)
        curves = {}
        for engine in engines:
            result["engines"][engine], curves[engine] = measured(arguments.reward, path, folder, arguments.rows, arguments.rounds, engine)
    result["same_bytes"] = len({each["sha256"] for each in result["engines"].values()}) == 1 if len(engines) > 1 else None
    print(json.dumps(result, indent=2))
    if arguments.out is not None:
        Path(f"{arguments.out}.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        Path(f"{arguments.out}.svg").write_text(memory_plot.svg(curves, arguments.rows), encoding="utf-8")


if __name__ == "__main__":
    main()
