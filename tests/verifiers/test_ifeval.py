"""Each of IFEval's 25 kinds of instructions is a line of `peers/ifeval.reward`: a text that follows it, and one that does not."""

from __future__ import annotations

import pytest

import rewardlang
from tests.verifiers.test_peer_rewards import PEERS

PROMPT = "Name a river."
CASES = {
    "existence": ("A Tree by the river.", "A tree."),
    "frequency": ("tree, and another Tree", "tree and street"),
    "forbidden": ("cloudy skies", "one cloud"),
    "letter_frequency": ("Zebra in a maze", "Zz zoo"),
    "response_language": ("Der Rhein ist ein langer Fluss in Europa.", "The Rhine is a long river in Europe."),
    "number_sentences": ("One. Two! Three?", "One. Two."),
    "number_paragraphs": ("one\n\n***\n\ntwo", "one\n\ntwo"),
    "number_words": ("few words", "one two three four five six seven eight nine ten eleven twelve"),
    "nth_paragraph_first_word": ("First this.\n\nThen that.", "Then this.\n\nFirst that."),
    "number_placeholders": ("Dear [name], see you at [place].", "Dear [name]."),
    "postscript": ("Bye.\nP.S. Write soon.", "Bye. See GPS."),
    "number_bullet_lists": ("- one\n* two", "- one"),
    "constrained_response": ("My answer is no.", "No."),
    "number_highlighted_sections": ("a *bright* idea", "a bright idea"),
    "multiple_sections": ("Section 1\na\nSection 2\nb", "Section 1"),
    "json_format": ('```json\n{"a": 1}\n```', "a: 1"),
    "title": ("<<Rivers>>\nText", "<Rivers>"),
    "two_responses": ("Rhine ****** Danube", "Rhine ****** Danube ****** Elbe"),
    "repeat_prompt": ("Name a river. The Rhine.", "The Rhine."),
    "end_checker": ("Done. Any other questions?", "Any other questions? Done."),
    "quotation": ('"all of it"', '"some" of it'),
    "capital_word_frequency": ("NASA and ESA", "NASA and I"),
    "english_capital": ("ALL OF IT", "All of it"),
    "english_lowercase": ("all of it", "All of it"),
    "no_comma": ("one and two", "one, two"),
}
REWARD = rewardlang.load(PEERS / "ifeval.reward")


def test_every_kind_has_its_rule() -> None:
    """Twenty-five of them."""
    assert set(CASES) == set(REWARD.rules)
    assert len(CASES) == 25


@pytest.mark.parametrize("rule", CASES)
def test_an_instruction_is_followed_or_not(rule: str) -> None:
    """The rule earns its point for the first text and nothing for the second."""
    scores = REWARD.score(list(CASES[rule]), [PROMPT, PROMPT])
    assert scores.rules[rule].tolist() == [1, 0]
