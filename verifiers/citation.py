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


@finder("citation", cost="linear", version="3")
def citation(texts: Sequence[str], *, kind: Kind = "any", forms: tuple[str, ...] = ()) -> list[list[Finding[str]]]:
    """What a text cites, in one spelling: `42 USC 1983`, `436 US 658`.

    What it checks
    --------------
    Finds citations of United States law: statutes (`42 U.S.C. § 1983(b)`, `§§ 1981, 1983 and 1985`, `section 1983 of title 42`, `I.R.C. §
    501`), regulations (`29 C.F.R. § 1604.11`, `Treas. Reg. § 1.61-1`), cases by volume, reporter and first page (`436 U.S. 658`, `5 U.S.
    (1 Cranch) 137`, `12 F.4th 345`), amendments and articles of the Constitution (`the First and Fourteenth Amendments`), federal rules
    (`Fed. R. Civ. P. 12`, `FRE 702`). The value names the authority without subsection or page, those stand in the note. `Id.`, `Ibid.`,
    `436 U.S., at 690` and `Monell, supra` count as the authority that they repeat; of a range both ends count, and a shortened end is
    written out (`§§ 1981–88`). With `forms` other law is found instead, by lines such as `§ {section} {code:letters} -> {code}
    {section}`.

    Why it earns reward
    -------------------
    An authority can be checked only in one spelling. An invented one is the worst mistake a model makes in law.

    Example
    -------
    `rule sources: award 0.5 points for each distinct citation(kind = "statute") in memo where citation is in statutes, up to 2`

    Known gaps
    ----------
    That a citation is found says nothing of whether it exists or supports the sentence: compare with lists. `Id.` is the citation before
    it, also where a lawyer would see that another one is meant. State codes, the official reporters of the states (`22 Cal. App. 4th
    33`), treaties, Federal Register pages, slip opinions and `___` pages are not found, nor `§ 1983` without its title, `Amendment XIV`
    without more, nor cases by name alone. What lies between the ends of a range is not cited. A year is not compared with the volume. A
    wrong line in `forms` stops the run.
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
    if words[0].isdigit():
        return "statute" if words[1] == "USC" else "regulation" if words[1] == "CFR" else "case"
    return "constitution" if words[0] == "US" else "rule"


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
