"""A run says in its folder how it ended; one that was killed says so by having said nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rewardlang.cli import main
from rewardlang.trainer.ending import Ending, ending_of
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.progress import Silent
from rewardlang.trainer.run_report import write_report
from rewardlang.trainer.stopping import StopRequest
from rewardlang.trainer.training import train
from tests.trainer.runs import short_run

FULL = TrainingProblem("the disk took no more; checkpoint-2 is whole", "free space, then go on with --resume")


@pytest.fixture
def run(finished_run: Path, tmp_path: Path) -> Path:
    """A copy of a run of four steps, to be ended anew."""
    folder = tmp_path / "run"
    for name in ("run.json", "metrics.jsonl"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes((finished_run / name).read_bytes())
    return folder


def ended(run: Path, error: BaseException | None, step: int = 3) -> None:
    """As a run that ends so after a step."""

    def go() -> None:
        with Ending(run) as ending:
            ending.begin(0)
            ending.counted_by(lambda: step)
            if error is not None:
                raise error

    if error is None:
        go()
    else:
        with pytest.raises(type(error)):
            go()


def abandoned(run: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """As a run that was begun by another process and left no word."""
    ending = Ending(run)
    ending.begin(0)
    found = json.loads((run / "ending.json").read_text(encoding="utf-8"))
    change(found)
    (run / "ending.json").write_text(json.dumps(found), encoding="utf-8")


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """What a command says, on lines of any length, and its exit code."""
    code = main(["runs", *words])
    return code, " ".join(capsys.readouterr().out.split())


def test_a_finished_run_says_so(finished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In its folder, and in what is shown of it."""
    found = ending_of(finished_run)
    assert found is not None
    assert found.to_json() == {"how": "finished", "step": 4, "cause": None, "remedy": None}
    assert "step 4 of 4, finished reward file" in shown(capsys, "show", str(finished_run))[1]


def test_a_failure_is_shown_with_cause_and_remedy(run: Path, finished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By `runs show`, for which it is a finding, `runs compare`, `--json` and the page."""
    ended(run, FULL)
    code, text = shown(capsys, "show", str(run))
    assert code == 1
    assert "step 4 of 4, failed; last whole checkpoint: none why: the disk took no more; checkpoint-2 is whole what to do: free" in text
    text = shown(capsys, "compare", str(run), str(finished_run))[1]
    assert "ended failed finished" in text
    assert "run: failed why: the disk took no more; checkpoint-2 is whole what to do: free space, then go on with --resume" in text
    told = {"how": "failed", "step": 3, "cause": FULL.cause, "remedy": FULL.remedy}
    assert json.loads(shown(capsys, "show", str(run), "--json")[1])["ending"] == told
    assert json.loads(shown(capsys, "compare", str(run), str(run), "--json")[1])["runs"][1]["ending"] == told
    page = write_report(run).read_text(encoding="utf-8")
    assert "Failed after step 3:</span> the disk took no more; checkpoint-2 is whole<br>What to do: free space" in page
    assert "4 of 4 steps: failed" in page


def test_runs_that_do_not_fit_beside_one_another_stand_below(
    run: Path, finished_run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a narrow terminal no figure is cut off; of a run that was measured once, no end is told."""
    monkeypatch.setenv("COLUMNS", "60")
    rows = [row for row in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines(keepends=True) if '"step": 0' in row]
    (run / "metrics.jsonl").write_text("".join(rows), encoding="utf-8")
    assert main(["runs", "compare", str(run), str(finished_run), str(finished_run)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert not any("…" in line for line in lines)
    assert [line.split()[1:] for line in lines if line.startswith("steps")] == [["0", "of", "4", "4", "of", "4"], ["4", "of", "4"]]
    assert next(line.split()[5] for line in lines if line.startswith("accuracy at the end")) == "–"
    assert "nothing differs in their configurations" in lines


@pytest.mark.parametrize(
    ("error", "how", "cause"),
    [
        (KeyboardInterrupt(), "stopped", "stopped at once: what was done after step 3 is lost; nothing was saved"),
        (ZeroDivisionError("a\nb"), "failed", "an error that the trainer does not know: ZeroDivisionError: a; nothing was saved"),
        (SystemExit(), "failed", "an error that the trainer does not know: SystemExit; nothing was saved"),
    ],
)
def test_every_error_leaves_a_word(run: Path, error: BaseException, how: str, cause: str) -> None:
    """Also one that is a mistake of the program, and a second Ctrl-C."""
    ended(run, error)
    found = ending_of(run)
    assert found is not None
    assert (found.how, found.cause) == (how, cause)
    assert "start again" in found.remedy


@pytest.mark.parametrize("sign", ["x", "\x01", "字", "\ud800"])
def test_the_word_never_needs_more_room_than_it_had(run: Path, sign: str) -> None:
    """However long a cause is and whatever it holds: a full disk must take it."""
    ended(run, TrainingProblem(sign * 9999, sign * 9999))
    assert (run / "ending.json").stat().st_size == 8192
    found = ending_of(run)
    assert found is not None
    assert len(found.cause) == 700


def test_a_run_that_was_killed_left_no_word(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its process is gone, or its number belongs to a later one: that is shown as what it is, with the last step that is known."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as gone:
        number = gone.pid
        gone.kill()
    for change in ({"pid": number}, {"born": "1"}):
        abandoned(run, lambda found, change=change: found.update(change))  # type: ignore[misc]
        found = ending_of(run)
        assert found is not None
        assert (found.how, found.step) == ("killed", 4)
    code, text = shown(capsys, "show", str(run))
    assert code == 1
    assert "killed; last whole checkpoint: none why: the process ended without a word: killed from outside (kill -9" in text
    assert "then start again: nothing was saved" in text


def test_a_run_that_goes_on_is_no_failure(run: Path, raw_policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And nobody else can begin in its folder, with --resume or without. On another machine nobody can see whether it does."""
    Ending(run).begin(0)
    code, text = shown(capsys, "show", str(run))
    assert code == 0
    assert f"step 4 of 4, going on as process {os.getpid()}; last whole checkpoint: none" in text
    for resume in (False, True):
        with pytest.raises(TrainingProblem, match=f"goes on: process {os.getpid()} has it"):
            train(short_run(raw_policy, run), Silent(), resume=resume)
    abandoned(run, lambda found: found.update({"host": "elsewhere"}))
    assert "perhaps going on" in shown(capsys, "show", str(run))[1]


def test_a_run_of_an_older_version_left_no_word(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is shown as before; and a word that is being written is none yet."""
    assert ending_of(run) is None
    assert "step 4 of 4, not finished; last whole checkpoint: none" in shown(capsys, "show", str(run))[1]
    (run / "ending.json").write_text('{"how": "fai', encoding="utf-8")
    assert ending_of(run) is None


@pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")])
def test_the_signal_of_a_scheduler_stops_a_run_as_ctrl_c_does(number: signal.Signals, name: str) -> None:
    """After the step; the second one at once. Afterwards signals mean what they meant before."""
    before = signal.getsignal(number)
    told: list[str] = []
    with StopRequest(lambda: told.append("asked")) as stop:
        os.kill(os.getpid(), number)
        assert (stop.asked, stop.by, told) == (True, name, ["asked"])
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) == before
