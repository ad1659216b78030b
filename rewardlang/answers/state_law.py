"""Codes, constitutions and numbered decisions of the states: `Cal. Penal Code § 187` is `Cal Penal Code 187`."""

from __future__ import annotations

import re
from functools import cache

from rewardlang.answers.reporters import spelled

# Name and abbreviation of each state; without one, the name is written out.
_STATES = (
    "Alabama Ala.; Alaska; Arizona Ariz.; Arkansas Ark.; California Cal.; Colorado Colo.; Connecticut Conn.; Delaware Del.; Florida "
    "Fla.; Georgia Ga.; Hawaii Haw.; Idaho; Illinois Ill.; Indiana Ind.; Iowa; Kansas Kan.; Kentucky Ky.; Louisiana La.; Maine Me.; "
    "Maryland Md.; Massachusetts Mass.; Michigan Mich.; Minnesota Minn.; Mississippi Miss.; Missouri Mo.; Montana Mont.; Nebraska "
    "Neb.; Nevada Nev.; New Hampshire N.H.; New Jersey N.J.; New Mexico N.M.; New York N.Y.; North Carolina N.C.; North Dakota N.D.; "
    "Ohio; Oklahoma Okla.; Oregon Or.; Pennsylvania Pa.; Rhode Island R.I.; South Carolina S.C.; South Dakota S.D.; Tennessee Tenn.; "
    "Texas Tex.; Utah; Vermont Vt.; Virginia Va.; Washington Wash.; West Virginia W. Va.; Wisconsin Wis.; Wyoming Wyo."
)
_CODE_WORD = r"(?:(?!(?:Code|Stat|Laws?)\b)[A-Z][A-Za-z.’']{0,14},?|&|of|and)"
_CODE = rf"(?:{_CODE_WORD}\s){{0,6}}?(?:Code|Stats?\.|Statutes|Laws?)(?:\sof\s[A-Z][a-z]{{2,12}}\s[A-Z][a-z]{{2,12}})?"
_SECTION = r"[0-9]{1,6}[A-Za-z]{0,2}(?:[.:-][0-9A-Za-z]{1,6}){0,4}"
_MARK = r"(?:§§?|[Ss]ecs?\.|[Ss]ections?)\s?"
_ENDS = r"(?=[,;:.)\]]|\s?\(|\s?\Z|\n|\s(?:and|or|at|is|was|held|holds|says|said|decided|¶)(?!\w))"
"""What stands behind a number that ends a citation, and not behind `2019 IL 5 candidates`."""
_NUMBERED = "IL|WI|MT|ND|SD|UT|VT|WY|ME|CO|OK|AR"


@cache
def _states() -> dict[str, str]:
    """What a state is called, by each way of writing it: its abbreviation without points."""
    names: dict[str, str] = {}
    for entry in _STATES.split("; "):
        match = re.fullmatch(r"(.*?)(?:\s((?:[A-Z][a-z]*\.\s?)+))?", entry)
        assert match is not None
        short = match[2] or match[1]
        names |= {match[1]: spelled(short), short: spelled(short), short.replace(" ", ""): spelled(short)}
    return names


def state_forms(inner: str, roman: str) -> str:
    """The forms of the law of the states, to be joined with others; groups that begin with `state` say which it was.

    `inner` is a pattern for subsections, `roman` one for the numbers of articles and amendments.
    """
    state = "|".join(re.escape(name) for name in sorted(_states(), key=len, reverse=True))
    return (
        rf"(?:(?P<state_title>[0-9]{{1,3}})\s)?(?P<state>{state})\s(?:(?P<state_code>{_CODE})(?:\s(?:Ann\.|Annotated))?,?\s"
        rf"(?:(?P<state_part>(?:tit|ch)\.\s[0-9]{{1,4}}[A-Z]{{0,2}}|[A-Z][a-z.]{{2,8}}\s(?:&\s[A-Z][a-z.]{{2,8}}\s)?(?:Code|Law)),?\s)?"
        rf"(?:{_MARK}|art\.\s)(?P<state_section>{_SECTION})(?P<state_inner>{inner})"
        rf"|Const(?:\.|itution),?\s[Aa]rt(?:\.|icle)\s(?P<state_article>{roman}))"
        rf"|[Aa]rt(?:icle|\.)\s(?P<state_of>{roman}),?(?:\s(?:[Ss]ection|[Ss]ec\.|§)\s[0-9]{{1,2}},?)?\sof\sthe\s(?P<state_name>{state})"
        r"\sConstitution"
        r"|(?P<ilcs>[0-9]{1,3})\s(?:ILCS|Ill\.\sComp\.\sStat\.(?:\sAnn\.)?)\s(?P<ilcs_section>[0-9]{1,4}/[0-9]{1,3}[A-Z]?(?:[.-][0-9]{1,4}){0,3})"
        r"|(?:N\.\s?Y\.\s)?(?:C\.\s?P\.\s?L\.\s?R\.|CPLR)\s(?:§\s?)?(?P<cplr>[0-9]{2,5}(?:-[a-z])?)"
        rf"|(?P<decided>(?:19|20)[0-9]{{2}})(?P<decided_by>\sIL\sApp\s\([1-5](?:st|d|nd|rd|th)\)\s|\s(?:{_NUMBERED})(?:\sApp)?\s|-Ohio-)"
        rf"(?P<decision>[0-9]{{1,6}}){_ENDS}"
    )


def of_state(match: re.Match[str]) -> tuple[str, str, str] | None:
    """What a match cites of a state's law, without and with the number of an article, and its subsection; None for other matches."""
    if match["state_code"]:
        words = [word for word in spelled(match["state_code"].replace(",", "")).split() if word]
        part = [spelled(match["state_part"])] if match["state_part"] else []
        title = [match["state_title"]] if match["state_title"] else []
        return " ".join([*title, _states()[match["state"]], *words, *part, match["state_section"]]), "", match["state_inner"]
    if match["state_article"] or match["state_of"]:
        state = _states()[match["state"] or match["state_name"]]
        return f"{state} Const art", match["state_article"] or match["state_of"], ""
    if match["ilcs"]:
        return f"{match['ilcs']} ILCS {match['ilcs_section']}", "", ""
    if match["cplr"]:
        return f"NY CPLR {match['cplr']}", "", ""
    if match["decided"]:
        court = match["decided_by"].strip(" -")
        return f"{match['decided']} {court} {match['decision']}", "", ""
    return None
