"""All mutations, in the order in which they are tried."""

from __future__ import annotations

from rewardlang.attack.mutations_of_answers import ANSWERS
from rewardlang.attack.mutations_of_letters import LETTERS
from rewardlang.attack.mutations_of_tags import TAGS
from rewardlang.attack.mutations_of_words import WORDS

MUTATIONS = (*ANSWERS, *TAGS, *WORDS, *LETTERS)
