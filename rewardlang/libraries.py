"""What is said where a library of an extra is not installed."""

from __future__ import annotations


def not_installed(library: str, extra: str) -> str:
    """A clause with the command that installs it."""
    return f"{library} is not installed; install it with: pip install 'rewardlang[{extra}]'"
