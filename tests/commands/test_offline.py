"""Nothing but `sample` uses the network: the commands run with sockets that cannot be opened."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources import ROOT

# Loaded by every Python that starts with this folder on its path, workers of `use python` included.
BLOCK = """
import socket

class Blocked(socket.socket):
    def __init__(self, family=-1, *args, **kwargs):
        if family not in (socket.AF_UNIX,):
            raise AssertionError("a socket was opened")
        super().__init__(family, *args, **kwargs)

def refuse(*args, **kwargs):
    raise AssertionError("a name was looked up")

socket.socket = socket.SocketType = Blocked
socket.getaddrinfo = socket.gethostbyname = socket.create_connection = refuse
"""


@pytest.mark.parametrize("example", ["gsm8k/math_gsm8k", "law/law_memo"])
@pytest.mark.parametrize(
    "words",
    [
        ("check", "FILE", "--samples", "samples.jsonl", "--report", "OUT/report.html"),
        ("score", "FILE", "--samples", "samples.jsonl", "--out", "OUT/scored.jsonl"),
        ("test", "FILE"),
        ("attack", "FILE", "--samples", "samples.jsonl", "--tries", "200"),
    ],
    ids=lambda words: words[0],
)
def test_a_command_needs_no_network(tmp_path: Path, example: str, words: tuple[str, ...]) -> None:
    """Exit code 0 where every socket is refused, in the processes that it starts as well."""
    (tmp_path / "sitecustomize.py").write_text(BLOCK, encoding="utf-8")
    file = ROOT / "examples" / f"{example}.reward"
    call = [word.replace("FILE", file.name).replace("OUT", str(tmp_path)) for word in words]
    paths = os.pathsep.join([str(tmp_path), str(ROOT), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "rewardlang", *call]
    done = subprocess.run(
        command, cwd=file.parent, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_block_blocks(tmp_path: Path) -> None:
    """A program that opens a socket fails under it, so that the tests above say something."""
    (tmp_path / "sitecustomize.py").write_text(BLOCK, encoding="utf-8")
    program = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert "AssertionError" in done.stderr
