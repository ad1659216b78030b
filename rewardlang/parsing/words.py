"""How the words and signs of the language are called in messages. The words themselves are in the grammar."""

from __future__ import annotations

STARTERS = (
    "import", "include", "use", "column", "param", "list", "pattern", "define", "let", "require", "section", "rule",
    "score", "guarantee", "example", "attack", "success", "numbers",
)  # fmt: skip
STARTER_TERMINALS = frozenset(
    ("_IMPORT", "_INCLUDE", "_USE", "_COLUMN", "_PARAM", "_LIST", "_PATTERN", "_DEFINE", "_LET", "_REQUIRE", "_SECTION", "_RULE",
     "_SCORE", "_GUARANTEE", "EXAMPLE", "_SUCCESS", "_NUMBERS_WRITTEN")
)  # fmt: skip

# What can follow a value, and what can follow a test; messages leave it out when they list what was expected.
AFTER_VALUE = frozenset(("PLUS", "MINUS", "STAR", "SLASH", "_AS", "_OUTSIDE", "_DOT", "_OPEN"))
AFTER_TEST = frozenset(
    ("_AND", "_OR", "COMPARE", "_EQ", "EQUALS", "CONTAINS", "STARTS_WITH", "ENDS_WITH", "_MATCHES", "_IS", "_IN", "CASE")
)  # fmt: skip

SHAPES = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a text in quotation marks",
    "REGEX": "a pattern between slashes, such as /^\\d+$/",
    "TAG": "a tag, such as <answer>",
    "QUANTITY": "a quantity, such as 2 s",
    "UNIT": "a unit, such as mg/kg",
    "SIGN": "'award' or 'deduct'",
    "EXAMPLE": "'example' or 'attack'",
    "$END": "the end of the file",
}
HIDDEN = frozenset(
    ("BAD_NUMBER", "PERCENT", "LONG_STRING", "CURLY_STRING", "SINGLE_STRING", "NOT_SIGN", "_AND_SIGN", "_OR_SIGN", "_BECAUSE")
)

# Words of other languages that stand for one of ours: where ours fits, the file is read on with it.
EQUIVALENT = {
    "if": "when",
    "otherwise": "else",
    "bonus": "award",
    "give": "award",
    "penalise": "deduct",
    "penalize": "deduct",
    "subtract": "deduct",
    "includes": "contains",
    "mentions": "contains",
    "has": "contains",
    "contain": "contains",
}

# Words of other languages and of other marking schemes, and what to write here.
FOREIGN = {
    "if": "a condition follows the points: award 2 points when …",
    "then": "there is no 'then': award 2 points when …",
    "elif": "write 'else 1 point when …'",
    "elsif": "write 'else 1 point when …'",
    "elseif": "write 'else 1 point when …'",
    "otherwise": "write 'else'",
    "unless": "write 'when not …'",
    "def": "write 'define name(x: text) = …'",
    "function": "write 'define name(x: text) = …'",
    "return": "a definition is its value: define name(x: number) = x is more than 2",
    "var": "write 'let name = …'",
    "const": "write 'let name = …'",
    "set": "write 'let name = …'",
    "penalty": "write 'deduct 1 point when …'",
    "penalise": "write 'deduct 1 point when …'",
    "penalize": "write 'deduct 1 point when …'",
    "subtract": "write 'deduct 1 point when …'",
    "minus": "write 'deduct 1 point when …'",
    "bonus": "write 'award 1 point when …'",
    "give": "write 'award 1 point when …'",
    "add": "write 'award 1 point when …'",
    "exists": "write 'is present'",
    "includes": "write 'contains'",
    "mentions": "write 'contains'",
    "has": "write 'contains'",
    "contain": "write 'contains'",
    "reason": "write 'because \"…\"'",
    "foreach": "write 'for each … in …'",
    "while": "there are no loops: 'for each … in …' marks every finding",
    "assert": "write 'require … else skip', or 'guarantee …' for a promise",
}
