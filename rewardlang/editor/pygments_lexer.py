"""The colours of a `.reward` file for Pygments, and with it for Sphinx, MkDocs and notebooks; from the table of words."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Text, Token

from rewardlang.editor.keywords import Colour, colours

TOKENS = {
    "": Text,
    "comment": Comment.Single,
    "regex": String.Regex,
    "tag": Name.Tag,
    "number": Number,
    "name": Name.Function,
    "statement": Keyword.Declaration,
    "operator": Operator.Word,
    "selector": Name.Builtin,
    "type": Keyword.Type,
    "constant": Keyword.Constant,
    "clause": Keyword,
    "sign": Operator,
    "word": Name,
}


def _rule(colour: Colour) -> tuple[str, Any]:
    if len(colour.parts) == 1:
        return colour.pattern, TOKENS[colour.parts[0]]
    return colour.pattern, bygroups(*(TOKENS[part] for part in colour.parts))


def _rules() -> list[Any]:
    before, *rest = colours()
    texts = [
        (r'"""(?:.|\n)*?"""', String.Heredoc),
        (r'"', String.Double, "text"),
        (r"[“„«][^“”»\n]*[”»]", String.Double),
    ]
    return [_rule(before), *texts, *map(_rule, rest), (r"\s+", Text.Whitespace), (r"[()\[\],;:.]", Token.Punctuation), (r".", Token.Error)]


class RewardLexer(RegexLexer):  # type: ignore[misc]  # Pygments has no type information
    """`.reward` files: marking schemes for what models write."""

    name = "Reward"
    aliases: ClassVar[list[str]] = ["reward"]
    filenames: ClassVar[list[str]] = ["*.reward"]
    flags = re.MULTILINE
    tokens: ClassVar[dict[str, Any]] = {
        "root": _rules(),
        "text": [(r'\\["\\nt]', String.Escape), (r'(?:\\.|[^"\\\n])+', String.Double), (r'"|$', String.Double, "#pop")],
    }
