"""The mistake of a package that offers verifiers: its words stand for themselves, and need no traceback."""

from __future__ import annotations


class UnusableVerifierError(TypeError):
    """What a module declares, or the module itself, cannot be used; the words name it, and say what to do."""
