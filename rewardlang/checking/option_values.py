"""Options that a verifier cannot work with, such as a schema that is no schema: noticed by trying them.

A verifier that is given such an option says *cannot judge* for every row. So
the verifier is asked a few texts without the options and with them: where it
answers some of them without, and none of them with, the options are wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from typing import Any

from rewardlang import types
from rewardlang.attempt import Raised, attempt
from rewardlang.verdict import Missing, Refused, Verdict
from rewardlang.verifier import Verifier

_TEXTS = ("", "a", "{}", "12", "one two three four five six seven eight nine ten eleven twelve")
_VALUES: Mapping[types.Type, tuple[Any, ...]] = {
    types.TEXT: _TEXTS,
    types.NUMBER: (Fraction(1), Fraction(5, 2)),
    types.BOOLEAN: (True,),
    types.ListType(types.TEXT): (("a",),),
    types.ListType(types.NUMBER): ((Fraction(1), Fraction(2)),),
}


def why_nothing_is_judged(verifier: Verifier, given: Mapping[str, Any]) -> str | None:
    """Why the verifier judges nothing with these options; None where it judges something, or where that cannot be tried."""
    if not all(type_ in _VALUES for _, type_ in verifier.parameters):
        return None
    rows = list(product(*(_VALUES[type_] for _, type_ in verifier.parameters)))
    columns = [list(column) for column in zip(*rows, strict=True)]
    usual, chosen = attempt(verifier, *columns), attempt(verifier, *columns, **given)
    if isinstance(usual, Raised) or all(_reason(result) is not None for result in usual):
        return None
    if isinstance(chosen, Raised):
        return str(chosen)
    reasons = [_reason(result) for result in chosen]
    return None if None in reasons else reasons[0]


def _reason(result: Any) -> str | None:
    """Why there is no answer; None where there is one."""
    if isinstance(result, (Missing, Refused)):
        return result.reason
    return result.reason if isinstance(result, Verdict) and result.holds is None else None
