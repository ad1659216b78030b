"""`valid_yaml`: whether a text is YAML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from rewardlang.libraries import not_installed
from rewardlang.verdict import Verdict, cannot_judge, no, yes
from rewardlang.verifier import predicate

Kind: TypeAlias = Literal["anything", "mapping", "list"]
MAX_CHARACTERS = 20_000
MAX_DEPTH = 50
MAX_EVENTS = 2_000


@predicate("valid_yaml", cost="linear", version="2", limits={"characters": MAX_CHARACTERS, "depth": MAX_DEPTH, "parts": MAX_EVENTS})
def valid_yaml(texts: Sequence[str], *, kind: Kind = "anything") -> list[Verdict]:
    """Whether the whole text is one YAML document.

    What it checks
    --------------
    The syntax of YAML 1.1, by PyYAML (`pip install 'rewardlang[structure]'`); every alias must have its anchor before it.
    `kind = "mapping"` or `"list"` says what the document must be. The text is read as a stream of events: no value is built, no alias
    is followed, no tag is obeyed. Beyond 20,000 characters, 50 levels or
    2,000 parts it is not judged.

    Why it earns reward
    -------------------
    Configuration with one wrong indent is no configuration.

    Example
    -------
    `rule form: award 1 point when only code_block(language = "yaml") in completion is valid_yaml(kind = "mapping")`

    Known gaps
    ----------
    Nearly every sentence is YAML (a text): ask for a mapping. A key that occurs twice is accepted. `no` and `1:30` do not mean in
    YAML 1.1 what they seem to mean; values are not looked at. Brackets in quotes count as levels.
    """
    return [_verdict(text, kind) for text in texts]


def _verdict(text: str, kind: Kind) -> Verdict:
    try:
        import yaml
    except ImportError:
        return cannot_judge(not_installed("PyYAML", "structure"))
    if len(text) > MAX_CHARACTERS:
        return cannot_judge(f"more than {MAX_CHARACTERS:,} characters")
    if _brackets(text) > MAX_DEPTH:
        return cannot_judge(f"nested more than {MAX_DEPTH} deep")
    depth, documents, found, anchors = 0, 0, "", set[str]()
    try:
        for number, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
            if number > MAX_EVENTS:
                return cannot_judge(f"more than {MAX_EVENTS:,} parts")
            if isinstance(event, yaml.NodeEvent):
                found = found or {"MappingStartEvent": "mapping", "SequenceStartEvent": "list"}.get(type(event).__name__, "text")
                if isinstance(event, yaml.AliasEvent) and event.anchor not in anchors:
                    return no(f"the alias *{event.anchor} has no anchor before it")
                if event.anchor is not None:
                    anchors.add(event.anchor)
            documents += isinstance(event, yaml.DocumentStartEvent)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                return cannot_judge(f"nested more than {MAX_DEPTH} deep")
    except yaml.YAMLError as error:
        return no(_told(error))
    if documents != 1:
        return no(f"{documents or 'no'} documents, and one is wanted")
    return no(f"a {found}, and a {kind} is wanted") if kind not in ("anything", found) else yes()


def _brackets(text: str) -> int:
    """How deep the brackets go, in quotes too: the scanner looks a thousand of them ahead before its first event."""
    depth = deepest = 0
    for sign in text:
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth = max(0, depth - 1)
    return deepest


def _told(error: Exception) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark and problem else str(error).splitlines()[0]
