"""The example in each verifier's docstring is a line of the language: it compiles in a file that declares the names it uses."""

from __future__ import annotations

import re

import pytest

import rewardlang
from rewardlang.registry import default_registry

DECLARATIONS = """
column answer: text
column key: text
column due_date: text
column facts: text
column expected_calls: text
column task: text
column entry: text
column gold: math
column target: number
column numbers: list of number
column aliases: list of text
column inputs: list of text
column outputs: list of text
column good: list of text
column bad: list of text
column accepted_codes: list of text
column known_sources: list of text
column warnings: list of text
list headings = ["Facts", "Analysis"]
list statutes = ["42 USC 1983"]
list covered = ["42"]
let reply = completion outside <think>
let memo = completion outside <think>
let final = only <answer> in completion else ""
let holding = only <holding> in completion else ""
let value = only boxed in completion as math
"""
LIMITS = {"dose": "4 g", "daily": "4 g/day"}  # what a quantity is compared with says what it measures
EXAMPLES = [
    pytest.param(found[1], id=f"{verifier.kind}-{verifier.word}")
    for verifier in default_registry()
    if (found := re.search(r"^Example\n-+\n(.*?)\n\n", verifier.doc, re.MULTILINE | re.DOTALL))
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_compiles(example: str) -> None:
    """Statements stand in backquotes; points without a rule's name are given one."""
    statements = re.findall(r"`((?:let|rule|award|deduct) [^`]*)`", " ".join(example.split()))
    assert statements
    written = [f"rule named: {part}" if part.startswith(("award", "deduct")) else part for part in statements]
    names = set(re.findall(r"\w+", " ".join(written)))
    named = {part.split()[1] for part in written if part.startswith("let ")}
    needed = [line for line in DECLARATIONS.strip().splitlines() if line.split()[1].rstrip(":") in names - named]
    if not any(part.startswith("rule") for part in written):
        tests = {name: f"is at most {LIMITS[name]}" if name in LIMITS else "is present" for name in named}
        written += [f"rule used: award 1 point when {name} {test}" for name, test in tests.items()]
    rewardlang.loads("\n".join(["rewardlang 1", "reward examples_of_verifiers", *needed, *written, "score clamped between -20 and 20"]))


@pytest.mark.parametrize("name", sorted({name for verifier in default_registry() for name in verifier.options}))
def test_an_option_can_be_written(name: str) -> None:
    """The name of an option is no reserved word: given to `url`, which takes none, it is read, and unknown there."""
    with pytest.raises(rewardlang.RewardError, match="RW206"):
        rewardlang.loads(
            f"rewardlang 1\nreward r\nrule a: award 1 point when count of url({name} = 1) in completion > 0\nscore between 0 and 1\n"
        )
