"""`rewardlang check --sarif`: the findings in the form that code hosts and editors take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rewardlang import __version__, codes
from tests.commands.conftest import REWARD, Run

BAD = REWARD.replace("only <answer>", "last <answer>").replace("award 2 points when final", "award 2 points when finale")
BAD += '\nexample "right"\n  with answer = "1"\n  model writes "é"\n  expect score = 1\n'


def _log(folder: Path) -> dict[str, Any]:
    log: dict[str, Any] = json.loads((folder / "out.sarif").read_text(encoding="utf-8"))
    _assert_valid(log)
    return log


def _assert_valid(log: dict[str, Any]) -> None:
    """What the schema of SARIF 2.1.0 asks of the parts that are used: required keys, types, and indexes that lead somewhere."""
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    assert set(run) == {"tool", "columnKind", "invocations", "results"}
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    assert all(isinstance(invocation["executionSuccessful"], bool) for invocation in run["invocations"])
    driver = run["tool"]["driver"]
    assert set(driver) == {"name", "version", "rules"}
    assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"]), "rules are unique"
    for rule in driver["rules"]:
        assert set(rule) == {"id", "shortDescription", "help", "defaultConfiguration"}
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
    for result in run["results"]:
        assert set(result) <= {"ruleId", "ruleIndex", "level", "message", "locations", "relatedLocations", "fixes"}
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        for location in [*result["locations"], *result.get("relatedLocations", [])]:
            _assert_location(location)
        ids = [location["id"] for location in result.get("relatedLocations", [])]
        assert len(set(ids)) == len(ids)


def _assert_location(location: dict[str, Any]) -> None:
    physical = location["physicalLocation"]
    uri = physical["artifactLocation"]["uri"]
    assert uri.isascii()
    assert not set(uri) & set(' "<>\\^`{|}')
    region = physical.get("region")
    if region is None:
        return
    assert all(isinstance(value, int) and value >= 1 for value in region.values())
    if "endLine" in region:
        assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"])


def test_every_finding_is_a_result_with_its_place(run: Run, tmp_path: Path) -> None:
    """The same codes, levels and places as in `--json`, the end of a place exclusive; a second place is a related location."""
    (tmp_path / "math.reward").write_text(BAD, encoding="utf-8")
    result = run("check", "math.reward", "--sarif", "out.sarif", "--json")
    (found,) = _log(tmp_path)["runs"]
    assert result.code == 1
    assert found["tool"]["driver"]["version"] == __version__
    listed = result.json["findings"]
    assert [(entry["ruleId"], entry["level"]) for entry in found["results"]] == [(entry["code"], entry["severity"]) for entry in listed]
    assert {entry["code"] for entry in listed} >= {"RW201", "RW202"}
    for entry, told in zip(found["results"], listed, strict=True):
        assert entry["locations"][0]["physicalLocation"] == {
            "artifactLocation": {"uri": "math.reward"},
            "region": {
                "startLine": told["line"],
                "startColumn": told["column"],
                "endLine": told["end_line"],
                "endColumn": told["end_column"],
            },
        }
        assert entry["message"]["text"].startswith(told["message"])
    twice = next(entry for entry in found["results"] if entry["ruleId"] == "RW202")
    assert twice["relatedLocations"][0]["message"]["text"] == "the first is here"


def test_rules_have_the_titles_and_the_pages_of_the_codes(run: Run, tmp_path: Path) -> None:
    """What a reader sees beside the finding is what `rewardlang help CODE` says."""
    (tmp_path / "math.reward").write_text(REWARD.replace("only <answer>", "last <answer>"), encoding="utf-8")
    assert run("check", "math.reward", "--sarif", "out.sarif").code == 0
    (rule,) = _log(tmp_path)["runs"][0]["tool"]["driver"]["rules"]
    assert (rule["id"], rule["shortDescription"]["text"]) == ("RW701", codes.title("RW701"))
    assert rule["defaultConfiguration"] == {"level": "warning"}
    assert rule["help"]["markdown"].startswith("## What it means\n")
    assert "severity:" not in rule["help"]["text"]


def test_a_clean_file_gives_an_empty_log(run: Run, tmp_path: Path) -> None:
    """No results is a result: a code host then closes what it had open."""
    assert run("check", "math.reward", "--sarif", "out.sarif").code == 0
    (found,) = _log(tmp_path)["runs"]
    assert (found["results"], found["tool"]["driver"]["rules"]) == ([], [])


def test_rows_are_placed_by_their_line(run: Run, tmp_path: Path) -> None:
    """A row of a text has a line; a pipe has no address; what is not listed is said; the name of a file is encoded."""
    (tmp_path / "my samples.jsonl").write_text('{"completion": "x"}\n' * 25, encoding="utf-8")
    assert run("check", "math.reward", "--samples", "my samples.jsonl", "--sarif", "out.sarif").code == 1
    (found,) = _log(tmp_path)["runs"]
    first = next(entry for entry in found["results"] if entry["ruleId"] == "RW606")
    assert first["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "my%20samples.jsonl"}, "region": {"startLine": 1}}}]
    assert found["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("5 more problems")
    assert run("check", "math.reward", "--samples", "-", "--sarif", "out.sarif", stdin=b'{"completion": "x"}\n').code == 1
    assert _log(tmp_path)["runs"][0]["results"][0]["locations"] == []


def test_a_place_that_cannot_be_written_is_wrong_use(run: Run) -> None:
    """Exit 2."""
    result = run("check", "math.reward", "--sarif", "nowhere/out.sarif")
    assert result.code == 2
    assert "cannot write nowhere/out.sarif" in result.err
