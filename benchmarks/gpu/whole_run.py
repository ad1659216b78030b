"""A whole run from the command line, as a user makes it: train, kill -9, resume, show, eval, export, each a process of its own.

    python benchmarks/gpu/whole_run.py --backend memory --out results/whole-memory.json

A small policy is made and warmed up here, a TOML file and a reward with a verifier in Python that takes its time are written, and
`rewardlang train` is killed after its second checkpoint and resumed. What is kept: seconds of every command, the end of what each
printed, accuracy before and after, and how long the run waited for verdicts beside how long they took (early marking).
`--backend transformers` and small sizes run it through on a CPU.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from benchmarks.gpu.learning import make_policy, origin  # noqa: E402

RUN = """
reward = "slow.reward"
output = "run"
[model]
path = "policy"
dtype = "{dtype}"
[lora]
rank = 32
alpha = 64
[data]
recipe = "decimals"
size = 2000
[held_out]
recipe = "decimals"
size = {held_out}
[training]
steps = {steps}
completions = {completions}
learning_rate = 5e-4
max_completion_tokens = 48
log_every = 1
save_every = {save_every}
[engine]
backend = "{backend}"
canary_every = {save_every}
"""
LONGEST_START = 150.0
"""Seconds until the checkpoint after which the run is killed; a run that takes longer says what it waits for, and fails."""
# Each verdict takes a twentieth of a second in a process of its own, as a program run against tests would.
VERIFIER = """import time

def tidy(text):
    time.sleep(0.05)
    return float(text.count("<answer>") == 1)
"""
SLOW_REWARD = """rewardlang 1
reward decimals
column gold: text
use python "verdicts:tidy" as tidy(text: text) returns number between 0 and 1 timeout 10 s
let right = gold as number
let value = only <answer> in completion as number
rule correct: award 2 points when value equals right
rule looks: award up to 0.2 points scaled by tidy(completion)
success when value equals right
score between 0 and 2.2
"""


def main() -> int:
    """All commands in turn; the record is written even where one of them fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--backend", choices=("memory", "speed", "transformers"), default="memory")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--warm-up-steps", type=int, default=300)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--completions", type=int, default=64)
    parser.add_argument("--held-out", type=int, default=48)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        record: dict[str, Any] = {
            "what": "a whole run from the command line, killed and resumed",
            **origin(),
            "backend": arguments.backend,
            "commands": [],
        }
        try:
            record |= whole_run(folder, arguments, record["commands"])
        finally:
            arguments.out.parent.mkdir(parents=True, exist_ok=True)
            arguments.out.write_text(json.dumps(record, indent=1), encoding="utf-8")
    for name in ("killed_after_step", "resumed_from", "accuracy_before", "accuracy_after", "verdicts_seconds", "waited_seconds"):
        print("RESULT", name, record[name], flush=True)
    return 0


def whole_run(folder: Path, arguments: argparse.Namespace, commands: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of the run; `commands` is filled as they end. Raises `SystemExit` with the end of its output for one that fails."""
    make_policy(folder / "policy", arguments)
    save_every = max(1, arguments.steps // 5)
    sizes = {"held_out": arguments.held_out, "steps": arguments.steps, "completions": arguments.completions, "save_every": save_every}
    dtype = "float32" if arguments.backend == "transformers" else "bfloat16"
    (folder / "run.toml").write_text(RUN.format(backend=arguments.backend, dtype=dtype, **sizes), encoding="utf-8")
    (folder / "verdicts.py").write_text(VERIFIER, encoding="utf-8")
    (folder / "slow.reward").write_text(SLOW_REWARD, encoding="utf-8")
    killed = killed_after(folder, f"checkpoint-{2 * save_every}", commands)

    def command(*words: str) -> dict[str, Any]:
        return rewardlang(folder, commands, *words)

    trained = command("train", "run.toml", "--resume", "--json")
    shown = command("runs", "show", "run", "--json")
    measured = command("runs", "eval", "run", "-n", "4", "--limit", "100", "--json")
    exports = {kind: command("runs", "export", "run", "--to", kind, "--out", kind, "--json") for kind in ("adapter", "merged")}
    return {
        "steps": arguments.steps,
        "killed_after_step": killed,
        "resumed_from": 2 * save_every,
        "accuracy_before": shown["held_out"][0]["accuracy"],
        "accuracy_after": trained["after"]["accuracy"],
        "alarms": shown["alarms"],
        "drawn_by": measured["drawn_by"],
        "pass": {one["name"]: {name: value for name, value in one["figures"].items() if "pass@" in name} for one in measured["policies"]},
        "exports": exports,
        **waiting(folder / "run" / "ledger"),
    }


def killed_after(folder: Path, checkpoint: str, commands: list[dict[str, Any]]) -> int:
    """Starts the run and kills it, without a warning, a moment after a checkpoint is whole; the last step that its metrics tell."""
    began = time.monotonic()
    marker = folder / "run" / "checkpoints" / checkpoint / "COMPLETE"
    with (folder / "killed.log").open("w") as log:
        started = subprocess.Popen(
            _command("train", "run.toml"), cwd=folder, env=_environment(), stdout=log, stderr=log, start_new_session=True
        )
        while not marker.exists() and started.poll() is None and time.monotonic() < began + LONGEST_START:
            time.sleep(0.05)
        time.sleep(0.5)
        if started.poll() is not None or not marker.exists():
            how = "ended by itself" if started.poll() is not None else f"wrote no {checkpoint} within {LONGEST_START:.0f} s"
            os.killpg(started.pid, signal.SIGABRT)  # Python's fault handler says where each thread is
            started.wait()
            raise SystemExit(f"the run {how}\n{(folder / 'killed.log').read_text()[-3000:]}")
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()
    commands.append({"command": "train run.toml (killed)", "seconds": round(time.monotonic() - began, 1)})
    rows = [json.loads(line) for line in (folder / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines() if line.endswith("}")]
    return max(int(row["step"]) for row in rows)


def rewardlang(folder: Path, commands: list[dict[str, Any]], *words: str) -> dict[str, Any]:
    """What a command printed as JSON."""
    began = time.monotonic()
    done = subprocess.run(_command(*words), cwd=folder, env=_environment(), capture_output=True, text=True, check=False)
    told = done.stderr.splitlines()[-6:]
    commands.append({"command": " ".join(words), "seconds": round(time.monotonic() - began, 1), "exit": done.returncode, "told": told})
    print(f"{commands[-1]['seconds']:6.1f} s  exit {done.returncode}  rewardlang {' '.join(words)}", flush=True)
    if done.returncode not in (0, 1) or not done.stdout:  # 1: `runs show` tells of alarms
        raise SystemExit(f"rewardlang {' '.join(words)}: exit {done.returncode}\n{done.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def waiting(ledger: Path) -> dict[str, float]:
    """How long verdicts took by themselves, and how long the run waited for them when it wanted the scores."""
    import pyarrow.parquet

    rows = pyarrow.parquet.read_table(ledger, columns=["version", "verifier_seconds", "marking_seconds"]).to_pylist()
    waits = {row["version"]: row["marking_seconds"] for row in rows}
    return {"verdicts_seconds": round(sum(row["verifier_seconds"] for row in rows), 2), "waited_seconds": round(sum(waits.values()), 2)}


def _command(*words: str) -> Sequence[str]:
    return [sys.executable, "-m", "rewardlang", *words]


def _environment() -> dict[str, str]:
    path = os.pathsep.join([str(HERE.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONFAULTHANDLER": "1"}


if __name__ == "__main__":
    sys.exit(main())
