"""A file together with what it imports: one list of statements, over the texts of all files."""

from __future__ import annotations

from rewardlang.errors import Diagnostic
from rewardlang.parsing import syntax
from rewardlang.record import NamedTuple
from rewardlang.source import Source


class Linked(NamedTuple):
    """`file` holds all that is needed; `source` the texts of all files. `lost` are names whose declaration could not be read.

    `used` are the aliases of imports that are used, `columns` the columns that imported parts may look at, and
    `folders` where each file lies, by the offset at which it begins, from the folder of the reward.
    """

    file: syntax.File
    source: Source
    diagnostics: tuple[Diagnostic, ...] = ()
    lost: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    columns: frozenset[str] = frozenset()
    folders: tuple[tuple[int, str], ...] = ()
