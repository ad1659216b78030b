"""How fast Python can be at all: the quickest function that we could write by hand for the one reward of `notebook_rewards.py`.

    python benchmarks/scoring/notebook_floor.py --out benchmarks/results/DATE-notebook-floor.json

It knows all that `examples/gsm8k_xml_port/gsm8k_xml.reward` says and nothing else, makes no object that the score does not need, and
gives the scores of the engine, to the last bit. It does what the engine must do: every chat is looked at (a prompt that ends with a message
of the assistant would begin the completion), and texts are compared in composed form. The Python functions, this one and the engine are
timed in turn on the same batches, each first as often as the others; ratios are of the medians of the thread's own time.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

from notebook_completions import completions
from notebook_rewards import BATCHES, COUNT, ROOT, Batch, Chats, Peer, in_turn, machine, notebook_functions

sys.path.insert(0, str(ROOT))

import rewardlang
from rewardlang.prose import count_of_words
from rewardlang.rows import normalised

_OPENING, _CLOSING = "<reasoning>", "</answer>"
_MOST = 50
_FORM = [[float(Fraction(halves, 2) - Fraction(words, 100)) for words in range(_MOST + 1)] for halves in range(3)]
"""By how many of the two rules of form hold, and how many words stand behind the answer."""
_usual_end = re.compile(r"</reasoning>[^<]*+<answer>([^<]*+)</answer>([^<]*+)\Z").match
_tags_in = re.compile("</?(?:reasoning|answer)>").findall


def by_hand(prompts: Chats, completions: Chats, answer: list[str], **_: Any) -> list[float]:
    """The score of each completion."""
    scores = []
    form = _FORM
    for prompt, (message,), gold in zip(prompts, completions, answer, strict=True):
        text, asked = message["content"], prompt[-1]
        if message["role"] != "assistant" or asked["role"] == "assistant" or type(asked["content"]) is not str:
            raise ValueError("these chats are read in another way")
        if not text.isascii():
            text = normalised(text)
        if text.startswith(_OPENING) and (end := _usual_end(text, text.find("<", 11))) is not None:
            said, behind = end.groups()
            said = said.strip()
            words = min(count_of_words(behind, _MOST), _MOST) if behind and behind != "\n" else 0
            score = form[2 if said.isdigit() and said.isascii() else 1][words]
            scores.append(score + 2.0 if said == gold.strip() else score)
        else:
            scores.append(_unusual(text, gold))
    return scores


def _unusual(text: str, gold: str) -> float:
    """The score of a completion of another layout."""
    tags = _tags_in(text)
    said, words = None, 0
    openings, closings = tags.count("<answer>"), tags.count(_CLOSING)
    if openings == closings == 1 and (begin := text.rfind("<answer>")) < (end := text.rfind(_CLOSING)):
        said = text[begin + 8 : end].strip()
    if closings:
        words = min(count_of_words(text[text.rfind(_CLOSING) + 9 :].strip(), _MOST), _MOST)
    halves = openings == 1 and tags.count(_OPENING) == 1 and text.startswith(_OPENING)
    if said is None:
        return _FORM[halves][words]
    return _FORM[halves + (said.isdigit() and said.isascii())][words] + (2.0 if said == gold.strip() else 0.0)


def compared(ours: Peer, size: int, rounds: int) -> dict[str, float]:
    """The medians of all three, in microseconds a row, and how often each of the two is as fast as the Python functions."""
    theirs, hand, own = in_turn([notebook_functions(), [by_hand], [ours]], completions(COUNT, 1), size, rounds)
    return {
        "by_hand_ratio": round(theirs / hand, 2),
        "ours_ratio": round(theirs / own, 2),
        "ours_of_by_hand": round(hand / own, 2),
        "python_us_a_row": round(theirs / size * 1e6, 2),
        "by_hand_us_a_row": round(hand / size * 1e6, 2),
        "ours_us_a_row": round(own / size * 1e6, 2),
    }


def main() -> None:
    """Prints the ratios and writes them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    ours = rewardlang.load(ROOT / "examples" / "gsm8k_xml_port" / "gsm8k_xml.reward").trl_reward()
    every = Batch(completions(COUNT, 1)).passed
    assert by_hand(**every) == ours(**every), "both give the same scores, to the last bit"
    result: dict[str, Any] = {"what": "five Python functions over one by hand and over our one; medians", "batches": {}}
    for size, rounds in BATCHES:
        result["batches"][str(size)] = compared(ours, size, rounds)
        print(size, result["batches"][str(size)], flush=True)
    result |= machine()
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
