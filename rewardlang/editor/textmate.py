"""From the table of words to the TextMate grammar that Visual Studio Code and code hosts read.

`python -m rewardlang.editor.textmate` writes it; a test says when it is out of date.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rewardlang.editor.keywords import Colour, colours

TARGET = Path(__file__).parent.parent / "grammars" / "vscode" / "syntaxes" / "reward.tmLanguage.json"

SCOPES = {
    "comment": "comment.line.number-sign.reward",
    "regex": "string.regexp.reward",
    "tag": "entity.name.tag.reward",
    "number": "constant.numeric.reward",
    "name": "entity.name.function.reward",
    "statement": "keyword.control.reward",
    "operator": "keyword.operator.word.reward",
    "selector": "support.function.reward",
    "type": "storage.type.reward",
    "constant": "constant.language.reward",
    "clause": "keyword.other.reward",
    "sign": "keyword.operator.reward",
    "word": "variable.other.reward",
}
_LONG = "string.quoted.triple.reward"
_TEXT = "string.quoted.double.reward"


def grammar() -> dict[str, Any]:
    """The grammar as plain data. A text of several lines has a beginning and an end: such grammars see one line at a time."""
    before, *rest = colours()
    texts = [
        {"name": _LONG, "begin": '"""', "end": '"""'},
        {
            "name": _TEXT,
            "begin": '"',
            "end": '"|$',
            "patterns": [{"name": "constant.character.escape.reward", "match": r'\\["\\nt]'}, {"match": r"\\."}],
        },
        {"name": _TEXT, "match": "[“„«][^“”»\\n]*[”»]"},
    ]
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "reward",
        "scopeName": "source.reward",
        "fileTypes": ["reward"],
        "patterns": [_pattern(before), *texts, *(_pattern(colour) for colour in rest)],
    }


def _pattern(colour: Colour) -> dict[str, Any]:
    if len(colour.parts) == 1:
        return {"name": SCOPES[colour.parts[0]], "match": colour.pattern}
    captures = {str(number): {"name": SCOPES[part]} for number, part in enumerate(colour.parts, 1) if part}
    return {"match": colour.pattern, "captures": captures}


def text() -> str:
    """The file as it is written."""
    return json.dumps(grammar(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text(), encoding="utf-8")
