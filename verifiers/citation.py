"""`citation`: what a text cites, in one spelling."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from rewardlang.verdict import Finding
from rewardlang.verifier import finder

if TYPE_CHECKING:
    from rewardlang.patterns.pattern import LikePattern

Kind: TypeAlias = Literal["any", "statute", "regulation", "case", "constitution", "rule"]


@finder("citation", cost="linear", version="4")
def citation(texts: Sequence[str], *, kind: Kind = "any", forms: tuple[str, ...] = ()) -> list[list[Finding[str]]]:
    """What a text cites, in one spelling: `42 USC 1983`, `436 US 658`.

    What it checks
    --------------
    Finds citations of United States law: statutes (`42 U.S.C. § 1983(b)`, `§§ 1981, 1983 and 1985`, `section 1983 of title 42`, `I.R.C. §
    501`, `78 Stat. 241`, `Pub. L. No. 88-352`), regulations (`29 C.F.R. § 1604.11`, `85 Fed. Reg. 30,026`), cases by volume, reporter and
    first page (`436 U.S. 658`, `5 U.S. (1 Cranch) 137`, `17 Cal. 3d 425`), by a number (`2013 IL 112116`, `2019 WL 1234567`) or a docket
    (`No. 17-1618, slip op.`), amendments and articles of constitutions (`the First and Fourteenth Amendments`, `Cal. Const. art. I`),
    codes of the states (`Tex. Penal Code Ann. § 19.02`), federal rules (`Fed. R. Civ. P. 12`, `FRE 702`). The value names the authority
    without subsection or page, those stand in the note. `Id.`, `Ibid.`, `436 U.S., at 690` and `Monell, supra` count as the authority
    that they repeat; of a range both ends count, and a shortened end is written out (`§§ 1981–88`). With `forms` other law is found
    instead, by lines such as `§ {section} {code:letters} -> {code} {section}`.

    Why it earns reward
    -------------------
    An authority can be checked only in one spelling. An invented one is the worst mistake a model makes in law.

    Example
    -------
    `rule sources: award 0.5 points for each distinct citation(kind = "statute") in memo where citation is in statutes, up to 2`

    Known gaps
    ----------
    That a citation is found says nothing of whether it exists or supports the sentence: compare with lists. `Id.` is the citation before
    it, also where a lawyer would see that another one is meant. Restatements, treaties, `___` pages, rules of the states and of local
    courts, `§ 1983` without its title, and cases by name alone are not found. A code of a state has one spelling for each way of naming
    it: `Cal. Civ. Proc. Code` and `California Code of Civil Procedure` are two. The points of state reporters must be there (`Cal.`,
    `Mass.`), and `on June 3 Ga. 400 was closed` is taken for one. What lies between the ends of a range is not cited. A year is not
    compared with the volume. A wrong line in `forms` stops the run.
    """
    return [_found(text, kind, forms) for text in texts]


def _found(text: str, kind: str, forms: tuple[str, ...]) -> list[Finding[str]]:
    if forms:
        return _by_forms(text, forms)
    from rewardlang.answers.citations import citations_of

    found = (Finding(*cited) for cited in citations_of(text))
    return [finding for finding in found if kind in ("any", _kind(finding.value))]


def _kind(authority: str) -> Kind:
    words = authority.split(" ")
    if "Const" in words[:3]:
        return "constitution"
    if "Fed Reg" in authority or "CFR" in words[:2]:
        return "regulation"
    if words[0].isdigit() and words[1] not in ("USC", "Stat", "ILCS"):
        return "case"
    if words[0] in ("Fed", "Sup", "USSG"):
        return "rule"
    return "case" if words[0] == "No" else "statute"


def _by_forms(text: str, forms: tuple[str, ...]) -> list[Finding[str]]:
    """What the example lines find; where two of them overlap, the one that begins first and then the longer one."""
    found = sorted((f for form in forms for f in _form(form).finditer(text)), key=lambda f: (f.start, -f.end))
    kept: list[Finding[str]] = []
    for finding in found:
        if not kept or finding.start >= kept[-1].end:
            kept.append(finding)
    return kept


@lru_cache(maxsize=500)
def _form(line: str) -> LikePattern:
    from rewardlang.patterns.pattern import compile_like

    example, arrow, spelling = line.partition("->")
    return compile_like(example.strip(), spelling.strip() if arrow else None)
