"""`error_prone`: ways of writing a dose that have been misread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Literal, TypeAlias

from rewardlang.answers.numerals import Notation
from rewardlang.verdict import Finding
from rewardlang.verifier import finder

List: TypeAlias = Literal["ismp", "joint commission"]
_DOSE = r"(?:mg|mcg|µg|μg|g|kg|mL|ml|L|mEq|mmol|IU|units?|international\sunits?|milligrams?|micrograms?|grams?|milliliters?|millilitres?)"
_NO_LABORATORY = r"(?!\s?/\s?d?[lL]\b)"
_RUN_TOGETHER = ("dose and unit run together", "put a space between dose and unit")
_BEFORE_UNIT = ("trailing zero", "no leading zero")
"""Forms behind which a unit that follows at once makes another one: `.5mg`."""

# Name of the form, what matches it, and what to write instead. Those of the Joint Commission come first; ISMP names them too.
_JOINT_COMMISSION: tuple[tuple[str, str, str], ...] = (
    ("trailing zero", rf"(?<![\w.,])[0-9]{{1,9}}POINT0{{1,6}}(?=[\s-]?{_DOSE}\b{_NO_LABORATORY})", "write a whole number without point"),
    ("no leading zero", rf"(?<![\w.,])POINT[0-9]{{1,9}}(?=[\s-]?{_DOSE}\b)", "write a zero before the point"),
    ("U", r"(?:(?<=[0-9])|(?<=[0-9]\s)|(?<=[0-9]-))[Uu](?!\w|\.\w)", "write units"),
    ("IU", r"(?<![A-Za-z])I\.?U\.?(?!\w)", "write international units"),
    ("QD", r"(?<!\w)[Qq]\.?[Dd](?:\.(?!\w)|(?![\w.]))", "write daily"),
    ("QOD", r"(?<!\w)[Qq]\.?[Oo]\.?[Dd](?:\.(?!\w)|(?![\w.]))", "write every other day"),
    ("MgSO4", r"(?<!\w)MgSO4(?!\w)", "write magnesium sulfate"),
    ("MSO4", r"(?<!\w)MSO4(?!\w)", "write morphine sulfate"),
    ("MS", r"(?<!\w)MS(?=\s[0-9]|\sIV\b|\sIM\b|\sPO\b)", "write morphine sulfate"),
)
_ISMP: tuple[tuple[str, str, str], ...] = (
    ("µg", r"(?<=[0-9\s])[µμ]g(?!\w)", "write mcg"),
    ("cc", r"(?<=[0-9\s])cc(?!\w)", "write mL"),
    (_RUN_TOGETHER[0], r"(?<![\w.,/])[0-9][0-9.,]{0,12}(?=(?:mg|mcg|mL|units?)\b)", _RUN_TOGETHER[1]),
    ("large number without commas", rf"(?<![\w.,])[0-9]{{5,9}}(?=[\s-]{_DOSE}\b)", "use commas"),
    ("hs", r"(?<!\w)(?:HS|hs|qhs|QHS)(?!\w)", "write at bedtime"),
    ("SC", r"(?<!\w)(?:SC|SQ|[Ss]ub\sq)(?!\w)", "write subcutaneously"),
    ("D/C", r"(?<!\w)[Dd]/[Cc](?!\w)", "write discharge or discontinue"),
    ("TIW", r"(?<!\w)(?:TIW|tiw|BIW|biw)(?!\w)", "write how many times weekly"),
    ("q1d", r"(?<!\w)[qQ]1[dD](?!\w)", "write daily"),
    ("q6PM", r"(?<!\w)[qQ](?:1[0-2]|[1-9])\s?[AaPp]\.?[Mm](?!\w)", "write the time, and daily or nightly"),
    ("per os", r"(?<!\w)[Pp]er\sos(?!\w)", "write by mouth"),
)


@cache
def _forms(source: List, written: Notation) -> tuple[re.Pattern[str], dict[str, tuple[str, str]]]:
    forms = _JOINT_COMMISSION if source == "joint commission" else _JOINT_COMMISSION + _ISMP
    point = re.escape(written[-2])
    pattern = "|".join(f"(?P<f{index}>{form.replace('POINT', point)})" for index, (_, form, _) in enumerate(forms))
    begins = "(?<![A-Za-z])(?=[0-9.,BbcDdHhIMPpQqSsTtUuµμ])"
    advice = {f"f{index}": (name, advice) for index, (name, _, advice) in enumerate(forms)}
    return re.compile(f"{begins}(?:{pattern})"), advice


@cache
def _unit_at_once() -> re.Pattern[str]:
    return re.compile(r"(?:mg|mcg|mL|units?)\b")


@finder("error_prone", cost="linear", version="2")
def error_prone(texts: Sequence[str], *, source: List = "ismp", written: Notation = "1,234.5") -> list[list[Finding[str]]]:
    """Ways of writing a dose that have been misread: `1.0 mg`, `.5 mg`, `10 U`, `QD`.

    What it checks
    --------------
    With `source = "joint commission"` the "Do Not Use" list: a trailing zero and a missing leading zero in a dose, `U`, `IU`, `QD`,
    `QOD`, `MS`, `MSO4`, `MgSO4`. Otherwise also these of ISMP's List of Error-Prone Abbreviations, Symbols, and Dose Designations: `µg`,
    `cc`, a dose and its unit run together (`10mg`), 10000 and more without commas, `hs`, `SC`, `SQ`, `D/C`, `TIW`, `BIW`, `q1d`, `q6PM`,
    `per os`. The value is the name of the form; the note says what to write instead. Laboratory values (`4.0 mg/dL`) may have a trailing
    zero. The decimal sign is that of the file.

    Why it earns reward
    -------------------
    1.0 mg has been read as 10 mg, and U as a zero. Patients died of it.

    Example
    -------
    `rule writing: deduct 0.5 points for each distinct error_prone in reply, up to 1`

    Known gaps
    ----------
    Not every form of ISMP's list is looked for: abbreviations that are words as well (`AD`, `AS`, `IN`, `OD`), drug names that are
    shortened or look alike, symbols such as `>` and `@`. `MS` is found before a dose or route only. Quoted warnings ("never write QD")
    count. A model can avoid all of it by giving no dose: ask for one.
    """
    pattern, names = _forms(source, written)
    found = []
    for text in texts:
        of_text = []
        for match in pattern.finditer(text):
            name, advice = names[match.lastgroup or ""]
            of_text.append(Finding(match.start(), match.end(), name, advice))
            if source == "ismp" and name in _BEFORE_UNIT and _unit_at_once().match(text, match.end()):
                of_text.append(Finding(match.start(), match.end(), *_RUN_TOGETHER))
        found.append(of_text)
    return found
