"""Files put together from all that the language can say about a row, for the tests of agreement.

`GRAMMAR` says how a part of a statement is written, `{part}` standing for
another part. Statements that the checker refuses are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hypothesis import assume
from hypothesis import strategies as st

from rewardlang.compiled import compile_text
from rewardlang.registry import Registry

HEAD = """rewardlang 1
reward generated
column gold: text
column n: number between 0 and 2
column maybe: optional number
column answer: math
column kind: one of ("short", "long")
column names: list of text
column sizes: list of number
column answers: list of math
column flag: boolean
column amount: quantity of mass
param bonus: number between 0 and 0.3 = 0.1
list colours = ["red", "light blue", "Green"]
pattern cite like "{title:integer} U.S.C. {section}" as "{title} USC {section}"
pattern year = /\\b(19|20)[0-9]{2}\\b/
pattern slow = /(a|b)*c(a|b)*d/
pattern turned = /([0-9])(?:[.,]([0-9]+))?/ as "{2}-{1}"
pattern looped = /(a|b)+/ as "<{1}>"
let reply = completion outside <think>
let final = only <a> in reply
let opening = first <a> in completion else "none"
let closing = last <a> in completion
let value = final as number
let exact = final as math
let dose = only quantity in completion
let cited = every cite in reply
let long = count of word in reply is more than 4
let spoken = value else 3
"""

_DEEPEST = 4
GRAMMAR: dict[str, list[str]] = {
    "text": [
        *("completion", "reply", "final", "opening", "closing", "gold", "prompt", "(completion outside <b>)", "first word in reply"),
        *('last text after ":" in completion', 'only text before ":" in reply', 'first text between "(" and ")" in completion'),
        *(
            'last text after "aa" in reply',
            "only year in completion",
            "first cite in completion",
            "last turned in reply",
            "last sentence in reply",
        ),
    ],
    "find": [
        "word",
        "number",
        "<a>",
        "<b>",
        "cite",
        "year",
        "slow",
        "turned",
        "looped",
        "sentence",
        'text after ":"',
        "match of /[a-c]+/",
        "quantity",
    ],
    "number": [
        *("n", "maybe", "value", "spoken", "bonus", "0", "3", "0.1", "7", "length(reply)", "completion_tokens"),
        *("count of {find} in {text}", "count of distinct {find} in {text}", "{which} number in {text}", "({number} {sign} {number})"),
        *("token_f1({text}, gold)", "min({number}, 4)", "round({number} / 7, 2)", "ramp(length({text}), 3, 60)"),
        *("share of names found in {text}", "share of colours found ignoring case in {text}", "share of sizes found in sizes"),
        *("share of names found in cited", "share of answers found in sizes", "share of sizes found in answers"),
        "share of answers found in answers",
    ],
    "which": ["first", "last", "only"],
    "sign": ["+", "-", "*", "/"],
    "order": ["=", "!=", "<", "<=", ">", ">="],
    "no": ["", "not "],
    "fold": ["", " ignoring case"],
    "listed": ["names", "colours", "cited"],
    "compare": ["equals", "contains", "starts with", "ends with"],
    "near": ["10%", "0.5", "n"],
    "test": [
        *("{number} {order} {number}", "{number} is {no}at least {number}", "{number} is {no}less than {number}"),
        *("{number} is {no}between {number} and {number}", "{number} is {no}within {near} of {number}"),
        *("{text} {compare} {text}{fold}", '{text} {compare} "x"{fold}', '{text} contains "light blue"{fold}', '{text} contains " b"'),
        *("{text} matches /^\\d+$/", "{text} matches /(a|b)*c/", "{text} matches /b/i", "{text} is {no}in {listed}{fold}"),
        *("{text} is present", "{number} is missing", "{text} is {no}integer", "{text} is valid_json"),
        *("kind {compare} {text}{fold}", "flag", "long", "truncated", "flag equals long", "flag equals ({test})"),
        *("exact equals answer", "exact equals 7", "value equals answer", "exact is {no}within {near} of answer", "exact {order} {number}"),
        *("exact is {no}between 2 and {number}", "dose equals amount", "dose {order} amount", "dose is within 10% of amount"),
        *("dose is {no}between amount and 2 * amount", "{number} is {no}in sizes"),
        *("exact is {no}in answers", "exact is {no}in sizes", "value is {no}in answers"),
        *(
            "all of ({test}; {test})",
            "any of ({test}; {test}; {test})",
            "none of ({test}; {test})",
            "at least 2 of ({test}; {test}; {test})",
        ),
        *(
            "not ({test})",
            "{some} word in {text} where {word}",
            "{some} number in {text} where {item}",
            "{some} cite in reply where cite {compare} {text}",
        ),
        *("{some} quantity in completion where quantity {order} amount", "{some} s in sizes where s {order} {number}"),
        "{some} name in names where {text} contains name{fold}",
    ],
    "some": ["some", "no"],
    "word": [
        *(
            "word equals {text}{fold}",
            "word is {no}in names",
            "length(word) > {number}",
            "word is valid_json",
            "token_f1(word, {text}) > 0",
        ),
        *("some number in word where number > 3", 'some word in gold where word equals "b"', "{test}"),
    ],
    "item": ["number {order} {number}", "number is {no}within {near} of {number}", "{test}"],
    "points": ["0.1", "0.333", "1", "2", "0", "bonus", "n"],
    "sum": ["award", "deduct"],
    "distinct": ["", "distinct "],
    "loop": [
        *("{find} in {text}", "word in {text} where {word}", "number in {text} where {item}", "cite in reply where cite is {no}in names"),
        *(
            "quantity in reply where quantity {order} amount",
            "name in names where {text} contains name",
            "s in sizes where s {order} {number}",
        ),
        *(
            "colour in colours where {text} contains colour{fold}",
            "c in cited",
            "m in messages where {text} contains m",
            "a in answers",
            "a in answers where a equals exact",
            "word in {text} where {test}",
        ),
    ],
    "rule": [
        *("{sum} {points} points when {test}", "{sum} {points} points when {test} else {points} points when {test}"),
        *("{sum} {points} points when {test} else {points} points", "{sum} {points} points for each {distinct}{loop}, up to {points}"),
        *("{sum} {points} points for each {distinct}{loop}, up to 2.25", "{sum} up to {points} points scaled by {number}"),
    ],
    "gate": [
        *("require {test} else score -3", "require {test} else score 0.1", "require final is present else score -2"),
        *("require maybe is present else skip", 'require gold contains "b" else skip', "require n > 0.5 else skip"),
    ],
    "caps": ["", " at most 1", " at least -1 at most 0.7", " at least -0.333"],
    "weight": ["", " weight 0.3", " weight from 1 at step 0 to 0.1 at step 7"],
}
_PART = re.compile(r"\{([a-z]+)\}")

FRAGMENTS = [
    *("<a>", "</a>", "<b>", "</b>", "<think>", "</think>", "7", "7.0", "1,234.5", "-3", " ", "\n", "x", "red", "Light  blue", "b", "aab"),
    *(
        "4 U.S.C. 5",
        "1984",
        "é",
        "e\u0301",
        "\ud800",
        "😀",
        "<",
        ":",
        "(",
        ")",
        "500 mg",
        "0.5 g",
        "{}",
        "1/2",
        "\\frac{1}{2}",
        "words. ",
        "\x00",
    ),
]
completions = st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join) | st.builds(
    "<a>{}</a> {}".format, st.sampled_from(FRAGMENTS), st.sampled_from(FRAGMENTS)
)
rows = st.fixed_dictionaries(
    {
        "gold": st.sampled_from(["7", "b", " B ", "1984", ""]),
        "n": st.sampled_from([0, 0.5, 1, 2, "1.25"]),
        "maybe": st.sampled_from([None, 3, 0.1]),
        "answer": st.sampled_from(["7", "1/2", "x", "\\frac{1}{2}"]),
        "kind": st.sampled_from(["short", "long"]),
        "names": st.lists(st.sampled_from(["red", "b", "4 USC 5", "é"]), max_size=3),
        "sizes": st.lists(st.sampled_from([7, 3, 0.5]), max_size=3),
        "answers": st.lists(st.sampled_from(["7", "1/2", "0.5", "x = 7", "\\lim_x x"]), max_size=3),
        "flag": st.booleans(),
        "amount": st.sampled_from(["500 mg", "1 g"]),
    }
)
batches = st.lists(st.tuples(completions, rows, st.sampled_from(["a b", "Light blue: 7", ""])), min_size=1, max_size=8)


def written(draw: st.DrawFn, part: str, depth: int = 0, grammar: Mapping[str, list[str]] = GRAMMAR) -> str:
    """A part of a statement; deep inside, forms without parts of the same kind are chosen."""
    forms = grammar[part]
    if depth >= _DEEPEST:
        forms = [
            form for form in forms if "{test}" not in form and "{number}" not in form and "{word}" not in form and "{item}" not in form
        ]
    form = draw(st.sampled_from(forms or grammar[part]))
    return _PART.sub(lambda found: written(draw, found[1], depth + 1, grammar), form)


@st.composite
def files(draw: st.DrawFn, registry: Registry | None = None) -> str:
    """A file that compiles."""
    statements = [written(draw, "gate") for _ in range(draw(st.integers(0, 2)))]
    for section in ("one", "two"):
        statements.append(f"section {section}{written(draw, 'caps')}{written(draw, 'weight')}")
        statements += [f"rule {section}{index}: {written(draw, 'rule')}" for index in range(draw(st.integers(1, 3)))]
        statements.append(f'rule {section}_x: deduct 0.07 points when completion contains "x"')
    statements.append(f"success when {written(draw, 'test')}")
    end = draw(st.sampled_from(["score clamped between -3 and 1.1", "score between -90 and 90"]))
    text = with_head([statement for statement in statements if _taken(statement, registry)], end)
    assume(compile_text(text, registry=registry).program is not None)
    return text


def _taken(statement: str, registry: Registry | None) -> bool:
    """Whether the checker takes the statement."""
    if statement.startswith("section"):
        return True
    text = with_head([statement, 'rule other: award 0 points when completion contains "q"'], "score between -90 and 90")
    return compile_text(text, registry=registry).program is not None


def with_head(statements: list[str], end: str) -> str:
    """The statements below the declarations that they use."""
    text = "\n".join([*statements, end])
    for line in reversed(HEAD.strip().splitlines()):
        kind, _, rest = line.partition(" ")
        name = re.match(r"\w+", rest)
        if kind not in ("let", "list", "pattern", "param") or (name is not None and re.search(rf"\b{name[0]}\b", text)):
            text = f"{line}\n{text}"
    return text
