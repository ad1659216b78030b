"""`tokens`: how long a text is, in tokens of a tokenizer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from rewardlang.libraries import not_installed
from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import measure

MAX_CHARACTERS = 1_000_000


@measure("tokens", cost="dictionary", version="1", limits={"characters": MAX_CHARACTERS})
def tokens(texts: Sequence[str], *, tokenizer: str = "", sha256: str = "") -> list[Fraction | Missing | Refused]:
    """The number of tokens of a text.

    What it checks
    --------------
    `tokenizer` is a folder of the machine that has the `tokenizer.json` of a model (relative to where the command runs), or such a file.
    Special tokens are not added. With `sha256`, the hash of that file, another file is refused. Nothing is fetched. Needs
    `pip install 'rewardlang[text]'`. The length of the whole completion in tokens, as the trainer counts it, is `completion_tokens`
    without any tokenizer.

    Why it earns reward
    -------------------
    What a model may use is counted in tokens: a limit for a part of the answer is best counted the same way.

    Example
    -------
    `let long = ramp(tokens(only <answer> in completion, tokenizer = "models/policy"), 200, 300) else 1`

    Known gaps
    ----------
    Another tokenizer gives another number: without `sha256` a file that changed changes the score, and the fingerprint of the reward
    does not show it. Generated tokens can be more than those of the same text read again.
    """
    found = _tokenizer(tokenizer, sha256)
    return [Refused(found) if isinstance(found, str) else _count(found, text) for text in texts]


@lru_cache(maxsize=4)
def _tokenizer(place: str, sha256: str) -> Any:
    """The tokenizer, or a text that says why there is none."""
    import hashlib

    if not place:
        return 'name the folder of a tokenizer: tokens(…, tokenizer = "models/policy")'
    try:
        import tokenizers
    except ImportError:
        return not_installed("tokenizers", "text")
    path = Path(place) / "tokenizer.json" if Path(place).is_dir() else Path(place)
    try:
        content = path.read_bytes()
    except OSError as error:
        return f"{path}: {error.strerror}"
    if sha256 and hashlib.sha256(content).hexdigest() != sha256.lower():
        return f"{path} is another file than the one that sha256 names"
    loaded = tokenizers.Tokenizer.from_buffer(content)
    loaded.no_truncation()
    loaded.no_padding()
    return loaded


def _count(tokenizer: Any, text: str) -> Fraction | Refused:
    if len(text) > MAX_CHARACTERS:
        return Refused(f"more than {MAX_CHARACTERS:,} characters")
    return Fraction(len(tokenizer.encode(re.sub("[\ud800-\udfff]", "\ufffd", text), add_special_tokens=False).ids))
