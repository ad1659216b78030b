"""`valid_xml`: whether a text is a well-formed XML document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rewardlang.verdict import Verdict, cannot_judge, no, yes
from rewardlang.verifier import predicate

MAX_DEPTH = 200


class _Declared(Exception):
    """A document type declaration."""


class _TooDeep(Exception):
    """Elements nested beyond the limit."""


@predicate("valid_xml", cost="linear", version="1", limits={"depth": MAX_DEPTH})
def valid_xml(texts: Sequence[str], *, root: str = "") -> list[Verdict]:
    """Whether the whole text is one well-formed XML document.

    What it checks
    --------------
    One root element, every element closed in order, attributes quoted and unique, `&` and `<` escaped; `root = "recipe"` asks for the
    name of the root. A document type declaration makes it no: entities can make a small text enormous or name files, so none is
    ever read. Names with a prefix are taken as written. Nesting beyond 200 levels is not judged.

    Why it earns reward
    -------------------
    Programs read what models write; markup that is nearly right is refused by all of them.

    Example
    -------
    `rule form: award 1 point when only code_block(language = "xml") in completion is valid_xml(root = "recipe")`

    Known gaps
    ----------
    `<a/>` is a document. Well-formed is not valid: which elements and attributes there are is not looked at. HTML is mostly no XML.
    """
    return [_verdict(text, root) for text in texts]


def _verdict(text: str, root: str) -> Verdict:
    from xml.parsers import expat

    seen = _Seen()
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = seen.declared
    parser.StartElementHandler = seen.begins
    parser.EndElementHandler = seen.ends
    try:
        parser.Parse(text.strip().encode("utf-8"), True)
    except UnicodeEncodeError:
        return no("a lone surrogate is no character")
    except _Declared:
        return no("a document type declaration")
    except _TooDeep:
        return cannot_judge(f"nested more than {MAX_DEPTH} deep")
    except expat.ExpatError as error:
        return no(f"line {error.lineno}, column {error.offset + 1}: {expat.errors.messages[error.code]}")
    return no(f"the root is '{seen.root}'") if root and seen.root != root else yes()


class _Seen:
    """What the parser has met: the name of the root, and how deep it stands."""

    def __init__(self) -> None:
        self.root = ""
        self._depth = 0

    def declared(self, *_: Any) -> None:
        raise _Declared

    def begins(self, name: str, _: Any) -> None:
        self.root = self.root or name
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _TooDeep

    def ends(self, _: str) -> None:
        self._depth -= 1
