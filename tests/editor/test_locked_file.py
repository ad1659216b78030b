"""A file that is not as it was locked, in an editor: told, and put right in two ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from rewardlang.compiled import compile_path
from rewardlang.locking import locks_of
from tests.editor.client import Client, Refused
from tests.editor.shared import REWARD

CHANGED = REWARD.replace("for each distinct year", "for each year").replace("up to 1\n", "up to 1 point\n")


def test_a_lost_word_is_told_and_put_right(client: Client, tmp_path: Path) -> None:
    """The warning stands at the statement; the version can be raised, and the lock written anew, by the file as it is."""
    path = tmp_path / "letters.reward"
    path.write_text(REWARD, encoding="utf-8")
    for lock in locks_of([compile_path(path)]):
        lock.write()
    page = client.open(path)
    assert page.checked() == []
    found = next(each for each in page.change(CHANGED) if each["code"] == "RW711")
    assert "changed: rule dated" in found["message"]
    raised, relock = page.ask("codeAction", range=found["range"], context={"diagnostics": [found]})[-2:]
    assert raised["title"] == 'write version "2.0.0"'
    assert [edit["newText"] for edit in raised["edit"]["changes"][page.uri]] == ['"2.0.0"']
    assert page.words(raised["edit"]["changes"][page.uri][0]["range"]) == '"1.0.0"'
    page.change(CHANGED.replace('"1.0.0"', '"2.0.0"'))
    command = {"command": relock["command"]["command"], "arguments": relock["command"]["arguments"]}
    assert client.ask("workspace/executeCommand", command) == "letters.reward is locked as it is now"
    assert "RW711" not in {each["code"] for each in page.change(page.text + "\n")}
    page.change("rule")
    with pytest.raises(Refused, match="nothing is locked"):
        client.ask("workspace/executeCommand", command)
