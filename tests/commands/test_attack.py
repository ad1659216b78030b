"""`rewardlang attack`: what it prints, writes and returns; notebook rewards of Python; the files of this repository."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.sources import ROOT

ATTACK = ("attack", "math.reward", "--samples", "samples.jsonl", "--tries", "1500")
HACKED = """rewardlang 1
reward hacked

column answer: text

let final = only <answer> in completion

rule found: award 2 points when completion contains answer

score between 0 and 2
success when final equals answer
"""
FILES = sorted([*(ROOT / "examples").rglob("*.reward"), *(ROOT / "rewardlang" / "templates").rglob("*.reward")])
CARELESS = "careless.reward"  # the file that shows how a careless rule is gamed


def test_a_trick_that_is_paid_less_than_a_right_answer_is_told_all_the_same(run: Run, tmp_path: Path) -> None:
    """Exit code 0, for nothing wrong is paid like a right one; the last line says what tricks add."""
    padded = "rule long: award up to 1 point scaled by min(1, length(completion) / 600)"
    text = HACKED.replace("completion contains", "final equals").replace("score between 0 and 2", f"{padded}\nscore between 0 and 3")
    (tmp_path / "hacked.reward").write_text(text, encoding="utf-8")
    result = run("attack", "hacked.reward", "--samples", "samples.jsonl", "--tries", "1500")
    assert result.code == 0
    assert " ".join(result.out.split()).endswith(" of an honest wrong one")
    assert "the highest was 1); a trick earns more than the 0." in " ".join(result.out.split())


def test_samples_as_a_server_gives_them(run: Run, tmp_path: Path) -> None:
    """With a list of `truncated` and of `completion_tokens` a row: an attack is whole, whatever the completions were."""
    text = HACKED.replace("rule found", "require truncated is present and not truncated else score 0\n\nrule found")
    (tmp_path / "hacked.reward").write_text(text, encoding="utf-8")
    sampled = {"truncated": [True, True], "completion_tokens": [9, None], "completions": ["<answer>7", "is it 7?"]}
    rows = [{"id": number, "prompt": f"What is {number} + 4?", "answer": str(number + 4), **sampled} for number in range(3)]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    result = run("attack", "hacked.reward", "--samples", "own.jsonl", "--tries", "1500", "--threshold", "2")
    assert result.code == 1
    assert "paid by  found +2" in result.out


def test_a_sound_file(run: Run) -> None:
    """Exit code 0; what honest answers earn, the highest score of a wrong one, and what each rule gave at most."""
    result = run(*ATTACK)
    assert result.code == 0
    assert "a right answer, typically       2.5" in result.out
    assert "the highest of a wrong one      0.5" in result.out
    assert "   paid by  thinks +0.5" in result.out
    assert "math.reward: no wrong answer is paid like a right one (2.5 is the threshold," in result.out


def test_a_threshold_of_ones_own(run: Run) -> None:
    """Half a point for form is too much for whoever says so."""
    result = run(*ATTACK, "--threshold", "0.5")
    assert result.code == 1
    assert "score 0.5   as much as a right one" in result.out


def test_what_is_found_is_told_as_json(run: Run, tmp_path: Path) -> None:
    """Score, row, chain, rules and text of each attack; nothing else on standard output."""
    (tmp_path / "math.reward").write_text(HACKED, encoding="utf-8")
    result = run(*ATTACK, "--json")
    assert result.code == 1
    data = result.json
    assert data["paid_as_right"] is True
    assert data["highest_wrong"] == data["threshold"] == 2
    best = data["attacks"][0]
    assert best["paid_by"] == {"found": 2}
    assert best["as_right"]
    assert set(best) == {"score", "as_right", "row", "chain", "paid_by", "text"}
    assert data["rules"]["found"]["most_for_a_wrong_text"] == 2


def test_attacks_are_written_as_blocks(run: Run, tmp_path: Path) -> None:
    """At the end of the file itself; they fail until it is mended, and hold then."""
    (tmp_path / "math.reward").write_text(HACKED, encoding="utf-8")
    result = run(*ATTACK, "--write", "math.reward")
    assert "wrote 1 attack to math.reward" in result.out
    text = (tmp_path / "math.reward").read_text(encoding="utf-8")
    assert text.startswith(HACKED + "\nattack ")
    assert "  expect score at most 0\n  expect no success\n" in text
    assert run("fmt", "--check", "math.reward").code == 0
    assert run("test", "math.reward").code == 1
    (tmp_path / "math.reward").write_text(text.replace("when completion contains answer", "when final equals answer"), encoding="utf-8")
    assert run("test", "math.reward").code == 0


def test_a_new_file_of_blocks_to_look_at(run: Run, tmp_path: Path) -> None:
    """A file that is there and is not the reward file is never touched."""
    (tmp_path / "math.reward").write_text(HACKED, encoding="utf-8")
    run(*ATTACK, "--write", "attacks.txt")
    written = (tmp_path / "attacks.txt").read_text(encoding="utf-8")
    assert written.startswith("attack ")
    refused = run(*ATTACK, "--write", "attacks.txt")
    assert (refused.code, refused.out) == (2, "")
    assert "attacks.txt exists; --write adds to math.reward itself or makes a new file" in refused.err
    assert (tmp_path / "attacks.txt").read_text(encoding="utf-8") == written


def test_without_success_the_report_says_so(run: Run, tmp_path: Path) -> None:
    """And says what wrong means then."""
    text = HACKED.replace("success when final equals answer\n", "").replace("let final = only <answer> in completion\n\n", "")
    (tmp_path / "math.reward").write_text(text, encoding="utf-8")
    assert "the file does not say what is right (success when …): wrong are answers to other" in run(*ATTACK).out


def test_a_success_that_can_be_gamed(run: Run, tmp_path: Path) -> None:
    """Exit code 1, although no wrong answer is paid."""
    gamed = HACKED.replace("success when final equals answer", "success when completion contains answer")
    gamed = gamed.replace("when completion contains answer\n\nscore", "when final equals answer\n\nscore")
    (tmp_path / "math.reward").write_text(gamed, encoding="utf-8")
    result = run(*ATTACK)
    assert result.code == 1
    assert "'success' holds on rows with different answers for a text that answers nothing: 0 1 2" in " ".join(result.out.split())
    assert "math.reward: 'success' can be gamed; no wrong answer is paid like a right one" in result.out


def test_the_examples_of_a_file_are_enough(run: Run, tmp_path: Path) -> None:
    """Without samples the rows of the examples are attacked; without either there is nothing to attack."""
    assert run("attack", "math.reward", "--tries", "300").code == 0
    (tmp_path / "math.reward").write_text(HACKED, encoding="utf-8")
    result = run("attack", "math.reward")
    assert result.code == 1
    assert "nothing to attack: no example of the file gives every column; give rows with --samples" in result.err


def test_rows_that_cannot_be_marked_are_told_and_left_out(run: Run, tmp_path: Path) -> None:
    """The others are attacked all the same."""
    with (tmp_path / "samples.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"id": "bad", "completion": "x"}) + "\n")
    result = run(*ATTACK)
    assert result.code == 0
    assert "row 'bad' has no column 'answer'" in result.err


@pytest.mark.parametrize(("flag", "value"), [("--tries", "0"), ("--seconds", "x"), ("--top", "-1")])
def test_wrong_use(run: Run, flag: str, value: str) -> None:
    """Exit code 2 and a sentence."""
    assert run(*ATTACK[:4], flag, value).code == 2


def test_the_known_hacks_of_the_notebook_rewards(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two answers of which the last counts, no tags at all, the answer behind a stray tag: each is paid like a right answer."""
    here = Path(__file__).parent
    shutil.copy(here / "notebook_rewards.py", tmp_path / "attacked_rewards.py")
    for name in ("gsm8k_xml.reward", "samples.jsonl"):
        shutil.copy(ROOT / "examples" / "gsm8k_xml_port" / name, tmp_path / name)
    monkeypatch.syspath_prepend(str(tmp_path))
    functions = "attacked_rewards:correctness_reward,int_reward,strict_format_reward,soft_format_reward,xmlcount_reward"
    result = run(
        "attack", "gsm8k_xml.reward", "--samples", "samples.jsonl", "--python", functions, "--tries", "6000", "--top", "20", "--json"
    )
    assert result.code == 1
    full = [attack for attack in result.json["attacks"] if attack["paid_by"].get("correctness_reward") == 2]
    assert any(attack["text"].count("<answer>") > 1 for attack in full), "of two answers the last counts"
    assert any("<answer>" not in attack["text"] for attack in full), "without tags the whole reply counts"
    assert any(
        "correctness_reward" not in attack["paid_by"] and "xmlcount_reward" in attack["paid_by"] for attack in result.json["attacks"]
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_file_of_the_repository_pays_a_wrong_answer(run: Run, path: Path) -> None:
    """But for the one that is there to be gamed."""
    result = run("attack", str(path), "--samples", str(path.parent / "samples.jsonl"), "--tries", "500", "--json")
    assert result.json["paid_as_right"] is (path.name == CARELESS)
    assert result.code == int(path.name == CARELESS)
