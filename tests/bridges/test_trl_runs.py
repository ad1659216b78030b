"""The callables inside real runs of TRL's GRPOTrainer on the CPU, on the TRL of this environment and on older ones.

REWARDLANG_TRL_VENVS names interpreters of environments with other versions of
TRL, separated as PATH is: `REWARDLANG_TRL_VENVS=/a/bin/python:/b/bin/python`.
They need TRL, lark, regex and numpy, not this project. The oldest version
that is supported is 0.17.0. TRL 1.15 trains on a machine without a GPU only where Triton is installed
and TRITON_INTERPRET=1 is set.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
MODES = ("text", "chat", "sections", "missing-column")
OTHERS = [path for path in os.environ.get("REWARDLANG_TRL_VENVS", "").split(os.pathsep) if path]


@cache
def _runs(python: str) -> dict[str, Any]:
    """What each mode logged under an interpreter: one process, because importing TRL takes the most time."""
    done = subprocess.run(
        [python, HERE / "trl_run.py", HERE / "digits.reward", *MODES],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    seen = [json.loads(line.removeprefix("seen ")) for line in done.stdout.splitlines() if line.startswith("seen ")]
    return {entry["mode"]: entry for entry in seen}


def _check(seen: Any, mode: str) -> None:
    if mode == "missing-column":
        assert seen["column"] == "gold"
        assert "did you mean 'gould'" in seen["error"]
        return
    assert seen["steps"] == 2
    steps = [entry for entry in seen["log"] if "reward" in entry]
    assert len(steps) == 2
    for entry in steps:
        assert 0 <= entry["reward"] <= 2.25
        if mode == "sections":
            assert {"rewards/digits/digits/mean", "rewards/digits/form/mean"} <= entry.keys()
        else:
            assert "rewards/digits/mean" in entry
        if tuple(int(part) for part in seen["trl"].split(".")[:2]) >= (1, 0):
            assert entry["digits/skipped"] == pytest.approx(0.25)
            points = entry["digits/digit/points"] + entry["digits/letter/points"]
            means = (
                entry["rewards/digits/mean"]
                if mode != "sections"
                else entry["rewards/digits/digits/mean"] + entry["rewards/digits/form/mean"]
            )
            assert points == pytest.approx(means, abs=1e-6)
            assert len(seen["extra"]["digits marks"]) == 16


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_trl_takes_the_callable_as_it_is(mode: str) -> None:
    """Two steps of a tiny random policy: rewards and per-rule metrics are logged, a skipped row counts nowhere."""
    pytest.importorskip("trl")
    _check(_runs(sys.executable)[mode], mode)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("python", OTHERS or [pytest.param("", marks=pytest.mark.skip(reason="REWARDLANG_TRL_VENVS names no interpreter"))])
def test_other_versions_of_trl_take_it_too(python: str, mode: str) -> None:
    """The same run under the interpreters of REWARDLANG_TRL_VENVS."""
    _check(_runs(python)[mode], mode)
