"""`rewardlang lock`, and what a lock holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import rewardlang
from rewardlang.errors import RewardError
from tests.commands.conftest import Run

LAW = """rewardlang 1
reward law
import "parts/common.reward" as common
list names: text from "names.txt"
list cites: text from column "cite" of "cites.csv"
rule known: award 1 point when only <answer> in completion is in names
rule cited: award 1 point when only <cite> in completion is in cites
rule common: award 1 point when only <other> in completion is in common.others
score between 0 and 3
example "Ada"
  model writes from "script.md"
  expect score = 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`law.reward` with two lists, a script and an imported file with a list of its own."""
    (tmp_path / "parts").mkdir()
    for name, text in {
        "law.reward": LAW,
        "names.txt": "Ada\nBen\n",
        "cites.csv": "cite,year\n42 USC 1983,1871\n",
        "script.md": "<answer>Ada</answer>",
        "parts/common.reward": 'rewardlang 1\nreward common\nlist others: text from "others.txt"\n',
        "parts/others.txt": "Cy\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_lock_names_what_is_read(run: Run, folder: Path) -> None:
    """Every list and reward file, by its path from the folder; not the script of an example."""
    result = run("lock", "law.reward")
    names = ["cites.csv", "names.txt", "parts/common.reward", "parts/others.txt"]
    new = sorted([*names, "law.reward"])
    assert (result.code, result.out) == (0, f"rewardlang.lock: 1 reward and 4 files that it reads locked (new: {', '.join(new)})\n")
    data = json.loads((folder / "rewardlang.lock").read_text(encoding="utf-8"))
    assert list(data["sha256"]) == names
    assert list(data["rewards"]) == ["law.reward"]
    assert run("lock", "law.reward").out == "rewardlang.lock: 1 reward and 4 files that it reads, as locked\n"
    assert run("check", "law.reward").code == 0


@pytest.mark.parametrize("name", ["names.txt", "cites.csv", "parts/others.txt", "parts/common.reward"])
def test_a_change_is_an_error_until_the_lock_is_written_anew(run: Run, folder: Path, name: str) -> None:
    """At the place where the file is named; Python code that loads the reward is refused too."""
    run("lock", "law.reward")
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write("# more,1\n")
    (finding,) = run("check", "law.reward", "--json").json["findings"]
    assert finding["code"] == "RW319"
    assert finding["file"] == ("parts/common.reward" if name == "parts/others.txt" else "law.reward")
    with pytest.raises(RewardError, match="RW319"):
        rewardlang.load(folder / "law.reward")
    assert run("lock", "law.reward", "--check").out == f"rewardlang.lock: would change (changed: {name})\n"
    assert run("lock", "law.reward", "--check").code == 1
    assert run("lock", "law.reward").out == f"rewardlang.lock: 1 reward and 4 files that it reads locked (changed: {name})\n"
    assert run("check", "law.reward").code == 0


def test_a_file_that_is_not_in_the_lock_is_an_error(run: Run, folder: Path) -> None:
    """A list added to the reward is locked before it counts."""
    run("lock", "law.reward")
    (folder / "more.txt").write_text("x\n", encoding="utf-8")
    (folder / "law.reward").write_text(LAW.replace("names.txt", "more.txt"), encoding="utf-8")
    found = [(finding["code"], finding["message"]) for finding in run("check", "law.reward", "--json").json["findings"]]
    assert found == [("RW319", "'more.txt' is not in rewardlang.lock")]


def test_line_ends_do_not_count(run: Run, folder: Path) -> None:
    """A checkout with carriage returns is the same list."""
    run("lock", "law.reward")
    (folder / "names.txt").write_bytes(b"Ada\r\nBen\r\n")
    assert run("check", "law.reward").code == 0


def test_a_broken_lock_lets_nothing_through(run: Run, folder: Path) -> None:
    """Neither a text that is no JSON nor one that is no lock."""
    for text in ("<<<<<<< ours", '{"lock": 2}', "[]"):
        (folder / "rewardlang.lock").write_text(text, encoding="utf-8")
        assert {finding["code"] for finding in run("check", "law.reward", "--json").json["findings"]} == {"RW319"}
    assert run("lock", "law.reward").code == 0
    assert run("check", "law.reward").code == 0


def test_rewards_of_one_folder_share_a_lock(run: Run, folder: Path) -> None:
    """What another reward has locked stays, as long as the file is there."""
    (folder / "second.reward").write_text(LAW.replace("names.txt", "more.txt"), encoding="utf-8")
    (folder / "more.txt").write_text("Ada\n", encoding="utf-8")
    run("lock", "law.reward")
    assert "new: more.txt" in run("lock", "second.reward").out
    assert run("check", "law.reward").code == 0
    (folder / "second.reward").unlink()
    (folder / "more.txt").unlink()
    assert "gone: more.txt" in run("lock", "law.reward").out


def test_a_reward_with_mistakes_is_not_locked(run: Run, folder: Path) -> None:
    """No lock is written."""
    (folder / "law.reward").write_text(LAW.replace("names.txt", "nowhere.txt"), encoding="utf-8")
    result = run("lock", "law.reward")
    assert (result.code, "RW312" in result.out, "nothing was locked" in result.out) == (1, True, True)
    assert run("lock", "law.reward", "--json").json["ok"] is False
    assert not (folder / "rewardlang.lock").exists()


def test_the_lock_as_json(run: Run, folder: Path) -> None:
    """For CI: whether all is as locked, and what is not."""
    assert folder.is_dir()
    data = run("lock", "law.reward", "--check", "--json").json
    assert (data["ok"], len(data["locks"][0]["new"]), data["findings"]) == (False, 5, [])
