"""`valid_python`: whether a text is a program of Python, by its syntax."""

from __future__ import annotations

from collections.abc import Sequence

from rewardlang.verdict import Verdict, cannot_judge, no, yes
from rewardlang.verifier import predicate

MAX_CHARACTERS = 30_000
_FILE = "rewardlang-answer"


@predicate("valid_python", cost="linear", version="2", limits={"characters": MAX_CHARACTERS})
def valid_python(texts: Sequence[str]) -> list[Verdict]:
    """Whether the whole text is a program that Python can parse.

    What it checks
    --------------
    Holds for a text that the parser of the running Python accepts and that has at least one statement. Nothing is run. Beyond 30,000
    characters, or where the parser's own limits are reached (a hundred operators that wait for one another), it is not judged.

    Why it earns reward
    -------------------
    A program that does not parse passes no test; the syntax alone is a first step for a weak policy.

    Example
    -------
    `rule parses: award 0.2 points when only code_block(language = "python") in completion is "valid python"`

    Known gaps
    ----------
    `pass`, a single name and many plain words are programs: use it beside tests. New syntax is judged by the Python that runs the
    reward: 3.12 accepts programs that 3.11 does not. `return` outside a function, and names that do not exist, are not noticed.
    """
    return [_verdict(text) for text in texts]


def _verdict(text: str) -> Verdict:
    if len(text) > MAX_CHARACTERS:
        return cannot_judge(f"more than {MAX_CHARACTERS:,} characters")
    found = _parsed(text)
    return found if found is not None else _in_a_fresh_thread(text)


def _parsed(text: str) -> Verdict | None:
    """The verdict, or None where the stack of this thread was too short for one."""
    import ast
    import warnings

    # The parser warns of odd escapes as it would at an import; where warnings are errors, that would be a verdict.
    warnings.filterwarnings("ignore", module=_FILE)
    try:
        tree = ast.parse(text, filename=_FILE)
    except SyntaxError as error:
        return no(f"line {error.lineno}, column {error.offset}: {error.msg}" if error.lineno else error.msg)
    except (RecursionError, MemoryError):
        return None
    except ValueError as error:  # a null character, a lone surrogate, a number of thousands of digits
        return no(str(error)[:200])
    return yes() if tree.body else no("no statement")


def _in_a_fresh_thread(text: str) -> Verdict:
    """Tries again with a whole stack, so that the verdict does not depend on who asks."""
    import threading

    found: list[Verdict | None] = []
    thread = threading.Thread(target=lambda: found.append(_parsed(text)))
    thread.start()
    thread.join()
    return found[0] or cannot_judge("nested too deeply for the parser")
