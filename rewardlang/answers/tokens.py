r"""From an answer as it is written, in LaTeX or plainly, to tokens: layout removed, spellings of one thing made one.

\dfrac{1}{2}\,\text{cm}   →   \frac { 1 } { 2 } cm
1{,}234   1\,234   1,\!234   →   1234
x <= 2, x \leq 2, x ≤ 2   →   x ≤ 2
"""

from __future__ import annotations

import re
from collections.abc import Container
from functools import cache, lru_cache
from typing import NamedTuple

NAMES = {
    "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥", "lt": "<", "gt": ">", "ne": "≠", "neq": "≠",
    "approx": "≈", "simeq": "≈", "in": "∈", "cup": "∪", "pm": "±", "mp": "∓", "infty": "∞", "emptyset": "∅", "varnothing": "∅",
    "times": "*", "cdot": "*", "ast": "*", "div": "/", "colon": ":", "lbrace": "⦃", "rbrace": "⦄", "vert": "|", "lvert": "|",
    "rvert": "|", "mid": "|", "lbrack": "[", "rbrack": "]", "degree": "°", "dfrac": "\\frac", "tfrac": "\\frac", "cfrac": "\\frac",
    "arcsin": "\\arcsin", "ldots": "…", "dots": "…", "cdots": "…", "angle": "∠", "triangle": "△", "dbinom": "\\binom",
    "tbinom": "\\binom", "varphi": "\\phi", "varepsilon": "\\epsilon", "setminus": "∖", "backslash": "∖", "cap": "∩",
    "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "langle": "(", "rangle": ")", "prime": "'", "lor": "or", "land": "and",
    "vee": "or", "wedge": "and",
    "R": "ℝ", "Z": "ℤ", "N": "ℕ", "dotsc": "…", "dotsb": "…", "equiv": "≡", "imath": "i", "jmath": "j",
}  # fmt: skip
CHARACTERS = {
    **{chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)},
    "−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "π": "\\pi", "√": "\\sqrt", "∕": "/", "⁄": "/", "、": ",",
    "。": ".", "∣": "|", "º": "°", "⩽": "≤", "⩾": "≥", "≦": "≤", "≧": "≥", "’": "'", "′": "'", "∛": "\\sqrt[3]", "∜": "\\sqrt[4]",
    "∫": "\\int", "∑": "\\sum", "¢": " cents ", "∧": "\\land", "∨": "\\lor", "¬": "\\neg", "｛": "⦃", "｝": "⦄",
    "‰": "/1000 ", "℃": "°C", "℉": "°F", "度": "°",
}  # fmt: skip
_WRAPPERS = (
    "text|underline|textbf|textit|textrm|textnormal|textsf|texttt|mathrm|mathbf|mathit|mathsf|mathbb|mathcal|mbox|hbox|"
    "operatorname|boldsymbol|bf|rm"
)
_LAYOUT = r"left|right|bigl|bigr|Bigl|Bigr|big|Big|bigg|Bigg|biggl|biggr|displaystyle|textstyle|limits|quad|qquad|hspace|,|;|:|!|\s|>"
_SEPARATOR = r"(?:\s?\{\s?,\s?\}|,?\\,|,?\\!|\\!,|,?\\;|,?\\ |[ ~\u00a0\u202f](?![ \u00a0]))(?:\\!)?\s?"
_GROUPED = rf"(?<![0-9.,])[1-9][0-9]{{0,2}}(?:{_SEPARATOR}[0-9]{{3}})+(?![0-9])"


_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")
_SUB = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_VULGAR = {
    "½": "1/2",
    "⅓": "1/3",
    "⅔": "2/3",
    "¼": "1/4",
    "¾": "3/4",
    "⅕": "1/5",
    "⅖": "2/5",
    "⅗": "3/5",
    "⅘": "4/5",
    "⅙": "1/6",
    "⅚": "5/6",
}
_VULGAR |= {"⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8"}
_SETS = dict(zip("RZNQC", "ℝℤℕℚℂ", strict=True))


class Token(NamedTuple):
    """`kind` is number, name (a letter or Greek letter), word (letters), command, sign, or currency (`\\$`, which marks no mathematics).

    `spaced`: white space stands before it.
    """

    kind: str
    text: str
    spaced: bool = False
    upright: bool = False


@cache
def _token() -> re.Pattern[str]:
    return re.compile(
        r"(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3}(?![\w.]))?)|(?P<command>\\[A-Za-z]+)|(?P<word>[^\W\d_]+)|(?P<sign>\\\\|\\.|\*\*|<=|>=|(?<![0-9)])!=|\S)",
        re.DOTALL,
    )


@cache
def _spaced_token() -> re.Pattern[str]:
    """A token with the white space before it: what kind it is, its text says."""
    return re.compile(rf"(\s*)({re.sub('[?]P<[a-z]+>', '?:', _token().pattern)})", re.DOTALL)


@cache
def _layout() -> re.Pattern[str]:
    return re.compile(rf"(?<!\\)\\(?:(?:left|right)\s?\.(?![0-9])|(?:{_LAYOUT})(?![A-Za-z])|[,;:!> ])|~")


@cache
def _wrapper() -> re.Pattern[str]:
    return re.compile(rf"\\(?:{_WRAPPERS})\s*\{{((?:[^{{}}]|(?<=[\^_])\{{[^{{}}]{{0,20}}\}})*)\}}|\\(?:{_WRAPPERS})(?![A-Za-z])")


@cache
def _grouped() -> re.Pattern[str]:
    return re.compile(_GROUPED)


@cache
def _doubled() -> re.Pattern[str]:
    return re.compile(r"\\\\(?=(?:[dtc]?frac|sqrt|leq?|geq?|pi|left|right|text|cdot|times|infty|in|cup|pm)(?![a-z]))")


@cache
def _characters() -> dict[int, str]:
    return {ord(written): meant if meant[0] != "\\" else meant + " " for written, meant in CHARACTERS.items()}


@cache
def _raised_figures() -> re.Pattern[str]:
    return re.compile(f"([⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+)|([₀₁₂₃₄₅₆₇₈₉]+)|([{''.join(_VULGAR)}])")


def _plain_figures(match: re.Match[str]) -> str:
    if match[1]:
        return f"^{{{match[1].translate(_SUPER)}}}"
    if match[2]:
        return f"_{{{match[2].translate(_SUB)}}}"
    above, _, below = _VULGAR[match[3]].partition("/")
    return f"\\frac{{{above}}}{{{below}}}"


@cache
def _repeating() -> re.Pattern[str]:
    return re.compile(
        r"(?<![0-9.])([0-9]{0,20})\.([0-9]{0,20})(?:\\overline\s?\{([0-9]{1,20})\}|\\(?:dot|bar)\s?\{([0-9])\}(?:([0-9]{0,18})\\dot\s?\{([0-9])\})?|\(([0-9]{1,20})\))(?![0-9])"
    )


def _as_fraction(match: re.Match[str]) -> str:
    """A repeating decimal as a fraction: 0.1666… is (16 − 1) / 90."""
    whole, fixed = match[1] or "0", match[2]
    period = match[3] or match[7] or match[4] + (match[5] or "") + (match[6] or "")
    over = int(whole + fixed + period) - int(whole + fixed)
    under = (10 ** len(period) - 1) * 10 ** len(fixed)
    return f"{{({over}/{under})}}"


@cache
def _going_on() -> re.Pattern[str]:
    return re.compile(r"(?<![0-9.])([0-9]{0,20})\.([0-9]{1,40})\s?(?:\.{3}|…|\\[lc]?dots(?![A-Za-z]))")


def _as_going_on(match: re.Match[str]) -> str:
    """`0.1666...` as 1/6, where the last figures repeat (one figure three times, several twice); else it stays open how it goes on."""
    whole, figures = match[1] or "0", match[2]
    for length in range(1, len(figures) // 2 + 1):
        period = figures[-length:]
        times = 1
        while figures.endswith(period * (times + 1)):
            times += 1
        if times >= (3 if length == 1 else 2):
            fixed = figures[: len(figures) - length * times]
            over = int(whole + fixed + period) - int(whole + fixed)
            return f"{{({over}/{(10**length - 1) * 10 ** len(fixed)})}}"
    return f"{whole}.{figures} … "


@cache
def _times_ten() -> re.Pattern[str]:
    return re.compile(r"(?<=[0-9])\s?[xX]\s?(?=10\s?(?:\^|\*\*))")


@cache
def _unfinished() -> re.Pattern[str]:
    return re.compile(r",\s?\.{3}")


@cache
def _lines() -> re.Pattern[str]:
    """Line breaks between two numbers, which are two answers."""
    return re.compile(r"(?<=[0-9])[ \t]{0,20}\n\s{0,20}(?=[-+]?[0-9])")


@cache
def _root_sign() -> re.Pattern[str]:
    return re.compile(r"([√∛∜])\s?([0-9]{1,40}(?:\.[0-9]{1,40})?)")


_DEGREES = {"√": "", "∛": "[3]", "∜": "[4]"}


@cache
def _other_thousands() -> re.Pattern[str]:
    """`1'000'000`, and `1.234.567,89`, whose points can only divide thousands where there are two of them."""
    decimals = r"(?:,([0-9]{1,20}))?"
    return re.compile(rf"(?<![0-9.,'])([1-9][0-9]{{0,2}}(?:(?:'[0-9]{{3}}){{1,6}}(?![0-9'])|(?:\.[0-9]{{3}}){{2,6}}{decimals}(?![0-9.,])))")


def _in_figures(match: re.Match[str]) -> str:
    whole = re.sub("[^0-9]", "", match[1].partition(",")[0])
    return f"{whole}.{match[2]}" if match[2] else whole


@cache
def _micro() -> re.Pattern[str]:
    return re.compile(r"\\mu\s?\\(mathrm|text)\s?\{\s?|\\(mathrm|text)\s?\{\s?\\mu(?![A-Za-z])\s?")


@cache
def _color() -> re.Pattern[str]:
    return re.compile(r"\\(?:text)?color\s?\{\s?[A-Za-z]{1,20}\s?\}")


@cache
def _ohm() -> re.Pattern[str]:
    return re.compile(r"(?:\\(?:mathrm|text)\s?\{\s?([kMm])\s?\}\s?|\\(?:mathrm|text)\s?\{\s?([kMm]?)\s?)?\\Omega(?![A-Za-z])(?(2)\s?\})")


def _as_ohm(match: re.Match[str]) -> str:
    """`k` in roman letters before the sign belongs to it."""
    prefix = match[1] or match[2] or ""
    return f"\\text{{{prefix}Ω}}" if match[0][:2] != "\\O" else "Ω"


@cache
def _decimal_comma() -> re.Pattern[str]:
    return re.compile(r"(?<=[0-9])\{,\}(?=[0-9])")


@cache
def _blackboard() -> re.Pattern[str]:
    return re.compile(r"\\mathbb\s?\{?([RZNQC])(?![A-Za-z])\}?")


_BARE = frozenset(("\\frac", "\\dfrac", "\\tfrac", "\\sqrt", "\\pi", "\\cdot", "\\times", "\\ln", "\\exp", "\\sin", "\\cos", "\\tan"))
"""Commands that are no layout and wrap no text; where there are no others, these need not be looked for."""


@cache
def _commands() -> re.Pattern[str]:
    return re.compile(r"\\[A-Za-z]*")


def _ungrouped(match: re.Match[str]) -> str:
    return re.sub("[^0-9]", "", match[0])


def tokens_of(text: str) -> list[Token]:
    """The tokens of an answer."""
    if not text.isascii():
        text = _root_sign().sub(lambda match: f"\\sqrt{_DEGREES[match[1]]}{{{match[2]}}}", text)
        text = _raised_figures().sub(_plain_figures, text.translate(_characters()))
    if "\n" in text:
        text = _lines().sub("; ", text)
    if text.endswith("\\") and not text.endswith("\\\\"):
        text = text[:-1]  # of a space "\ " whose space was trimmed
    if "'" in text or text.count(".") > 1:
        text = _other_thousands().sub(_in_figures, text)
    if "..." in text:
        text = _unfinished().sub(", … ", text)
    if "+/-" in text:
        text = text.replace("+/-", "±")
    if "10" in text:
        text = _times_ten().sub("*", text)
    if "overline" in text or "." in text:
        text = _repeating().sub(_as_fraction, text)
        text = _going_on().sub(_as_going_on, text) if "..." in text or "…" in text or "dots" in text else text
    layout = "\\" in text and not _BARE.issuperset(_commands().findall(text))
    if layout:
        text = _micro().sub(lambda match: f"\\{match[1] or match[2]}{{µ", text) if "\\mu" in text else text
        if "color" in text:
            text = _color().sub(" ", text)
        if "\\Omega" in text:
            text = _ohm().sub(_as_ohm, text)
        if "\\mathbb" in text:
            text = _blackboard().sub(lambda match: f" {_SETS[match[1]]} ", text)
        if "\\\\" in text and "\\begin" not in text:
            text = _doubled().sub(r"\\", text)
        text = _layout().sub(" ", _grouped().sub(_ungrouped, text))
    else:
        if not text.isascii() or any(sign in text for sign in ", ~"):
            text = _grouped().sub(_ungrouped, text)
        text = text.replace("~", " ")
    if "{,}" in text:
        text = _decimal_comma().sub(".", text)
    if layout:
        text = _wrapper().sub(lambda match: f" \x00{match[1] or ''}\x01 ", text)
    found: list[Token] = []
    upright = False
    for space, written in _spaced_token().findall(text):
        if written in "\x00\x01":
            upright = written == "\x00"
        else:
            found.append(_token_from(written, space != "", upright))
    return _with_degrees(found) if "circ" in text else found


def _with_degrees(tokens: list[Token]) -> list[Token]:
    r"""`^\circ` and `^{\circ}` as the sign °."""
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        texts = [token.text for token in tokens[at : at + 4]]
        length = 2 if texts[:2] == ["^", "\\circ"] else 4 if texts == ["^", "{", "\\circ", "}"] else 0
        found.append(Token("sign", "°", tokens[at].spaced) if length else tokens[at])
        at += length or 1
    return found


_SIGNS = {"\\{": "⦃", "\\}": "⦄", "\\%": "%", "\\$": "$", "\\|": "|", "**": "^", "<=": "≤", ">=": "≥", "!=": "≠", "\\_": "_"}


@lru_cache(maxsize=2048)
def _token_from(text: str, spaced: bool, upright: bool) -> Token:
    match = _token().match(text)
    assert match is not None, "a token is read again as it was read"
    kind = match.lastgroup or ""
    if kind == "command":
        known = NAMES.get(text[1:])
        if known is None:
            return Token("command", text, spaced)
        kind = "command" if known[0] == "\\" else "connective" if known in ("or", "and") else "name" if known in "ℝℤℕij" else "sign"
        return Token(kind, known, spaced)
    if kind == "word":
        return Token("name" if len(text) == 1 else "word", text, spaced, upright)
    return Token("currency" if text == "\\$" else kind, _SIGNS.get(text, text) if kind == "sign" else text, spaced)


def with_thousands(tokens: list[Token]) -> list[Token]:
    """Unspaced commas between strict groups of three figures join them, unless they stand in brackets (`1,234.5`, not `(1,234)`)."""
    if not any_of(tokens, (",",)):
        return tokens
    found: list[Token] = []
    depth = at = 0
    while at < len(tokens):
        token = tokens[at]
        depth += (token.text in ("(", "[", "⦃", "\\begin")) - (token.text in (")", "]", "⦄", "\\end"))
        end = at
        while end + 2 < len(tokens) and tokens[end + 1].text == "," and tokens[end + 2].kind == "number":
            end += 2
        texts = [part.text for part in tokens[at : end + 1 : 2]]
        if (
            depth <= 0
            and end > at
            and token.kind == "number"
            and _is_grouped(texts)
            and not any(part.spaced for part in tokens[at + 1 : end + 1])
        ):
            found.append(Token("number", "".join(texts), token.spaced))
        elif end > at and token.kind == "number":
            found.extend(tokens[at : end + 1])
        else:
            found.append(token)
            end = at
        at = end + 1
    return found


def with_last_brace(tokens: list[Token]) -> list[Token]:
    r"""With the one closing brace that is missing at the end (`\frac{1}{2`), or without one that closes nothing there."""
    depth = 0
    for at, token in enumerate(tokens):
        depth += (token.text == "{") - (token.text == "}")
        if depth < 0:
            return tokens[:-1] if at == len(tokens) - 1 and at else tokens
    return [*tokens, Token("sign", "}")] if depth == 1 else tokens


def _is_grouped(texts: list[str]) -> bool:
    first, last = texts[0], texts[-1].partition(".")[0]
    return (
        first.isdigit() and len(first) <= 3 and first[0] != "0" and all(len(text) == 3 and text.isdigit() for text in (*texts[1:-1], last))
    )


def any_of(tokens: list[Token], texts: Container[str]) -> bool:
    """Whether one of some texts is among the tokens."""
    for token in tokens:  # noqa: SIM110 - asked twenty times for every answer, and `any` takes twice as long
        if token[1] in texts:
            return True
    return False


def joined(tokens: list[Token]) -> str:
    """The tokens as one text without spaces between signs: equal for answers that differ in layout only."""
    parts: list[str] = []
    for token in tokens:
        if parts and token.spaced and parts[-1][-1:].isalnum() and token.text[:1].isalnum():
            parts.append(" ")
        parts.append(token.text)
    return "".join(parts)
