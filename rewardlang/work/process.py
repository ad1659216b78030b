"""One worker process, as its parent sees it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from io import RawIOBase
from typing import Any, NamedTuple, cast

from rewardlang.work.frames import read_frame, write_frame

LOAD_SECONDS = 30.0
_ENDING_SECONDS = 2.0
_SIGXCPU = 24
"""Written out, because Windows has no name for it."""
_ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


class Home(NamedTuple):
    """What a worker has loaded: `folder` is where the module was found; `first`: before everything installed."""

    folder: str
    first: bool
    module: str
    path: str
    sha256: str


class OwnModule(NamedTuple):
    """A module of this package whose function `answer` takes and gives plain JSON, with the limits of its process."""

    module: str
    cpu_seconds: int
    memory_bytes: int


class WorkerEnded(Exception):
    """The worker was killed at its time limit, or ended by itself; the words say which. `again`: another try can end otherwise."""

    def __init__(self, why: str, *, again: bool) -> None:
        self.again = again
        super().__init__(why)


class WorkFailed(Exception):
    """The call gave no answer; the words say why."""


class Worker:
    """A started process with a module loaded. One call at a time; whoever uses it sees to that."""

    def __init__(self, home: Home | OwnModule) -> None:
        """Raises `WorkerEnded`, `WorkFailed` when the module raises, or OSError when no process can be started."""
        self.home = home
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "rewardlang.work.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            close_fds=True,
            start_new_session=True,
            env={**os.environ, **_ENVIRONMENT},
        )
        # Without buffers: raw files have no locks that a fork could leave held.
        self._to, self._from = cast(RawIOBase, self._process.stdin), cast(RawIOBase, self._process.stdout)
        reply = self.ask({"own" if isinstance(home, OwnModule) else "home": home._asdict()}, LOAD_SECONDS)
        if "raised" in reply:
            self.end()
            raise WorkFailed(f"the module '{home.module}' cannot be imported: {reply['raised']}")

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(self, request: Any, seconds: float) -> Any:
        """The reply. Raises `WorkerEnded`, after which the process is gone, when it takes longer or ends."""
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        answered = False
        try:
            write_frame(self._to, request)
            reply = read_frame(self._from)
            answered = True
            return reply
        except (OSError, EOFError):
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_ENDING_SECONDS)  # the pipe may close before the process has its exit status
            self.end()
            why = f"it took longer than {seconds:g} s" if late.is_set() else f"its process ended ({self._ending()})"
            out_of_time = isinstance(self.home, OwnModule) and not late.is_set() and self._process.returncode == -_SIGXCPU
            if out_of_time and isinstance(self.home, OwnModule):
                why = f"it took more than {self.home.cpu_seconds} s of computing time"
            raise WorkerEnded(why, again=not out_of_time) from None
        finally:
            timer.cancel()
            if not answered:  # an interrupted call must not leave its reply to the next one
                self.end()

    def _ending(self) -> str:
        code = self._process.returncode
        return f"signal {-code}" if code < 0 else f"exit status {code}"

    def _kill(self) -> None:
        if sys.platform == "win32":
            self._process.kill()
        elif self._process.returncode is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)  # its own session: what the function started ends too
            except ProcessLookupError:
                self._process.kill()

    def end(self) -> None:
        """Kills the process, if it still runs, and leaves no zombie."""
        if self._process.poll() is None:
            self._kill()
        self._process.wait()
        self._close_pipes()

    def abandon(self) -> None:
        """After a fork, in the child: closes its copies of the pipes; the process is the parent's."""
        self._process.returncode = 0
        self._close_pipes()

    def _close_pipes(self) -> None:
        self._to.close()
        self._from.close()
