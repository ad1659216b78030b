"""Checks that the memo reward calls from Python."""

import re


def share_of_quotes_in(memo: str, facts: str) -> float:
    """Share of the memo's quotations that stand word for word in the facts; 0.0 where it quotes nothing, so that silence earns nothing."""
    quotes = re.findall(r'"([^"]{8,400})"', memo)
    return sum(quote in facts for quote in quotes) / len(quotes) if quotes else 0.0
