"""Sources with numbers of their own: public laws, the Federal Register, databases of decisions, dockets, model codes, guidelines."""

from __future__ import annotations

import re

_SECTION = r"[0-9][A-Z]?[0-9]{0,4}(?:[.-][0-9]{1,4}[A-Z]?){0,2}"


def numbered_forms(inner: str) -> str:
    """The forms, to be joined with others. `inner` is a pattern for subsections."""
    return (
        r"(?:Pub\.\s?L\.|P\.\s?L\.|Public\sLaw)\s(?:Nos?\.\s)?(?P<public_law>[0-9]{2,3}[-–][0-9]{1,4})"
        r"|(?P<register>[0-9]{1,3})\s(?:Fed\.?\s?Reg\.?|FR)\s(?P<register_page>[0-9]{1,3},[0-9]{3}|[0-9]{1,6})"
        r"|(?P<base_year>(?:19|20)[0-9]{2})\s(?P<base>WL|U\.?\s?S\.?\s(?:(?:Dist|App)\.?\s)?LEXIS)\s(?P<base_number>[0-9]{1,9})"
        r"|Nos?\.\s(?P<docket>[0-9]{2}-[0-9]{1,5}),\s(?:slip\sop\.|[0-9]{3}\sU\.\s?S\.\s_{2,4})"
        rf"|(?P<model>U\.\s?C\.\s?C\.|UCC|U\.\s?S\.\s?S\.\s?G\.|USSG)\s§\s?(?P<model_section>{_SECTION})(?P<model_inner>{inner})"
        r"|(?:Sup\.\s?Ct\.\s?R\.|Supreme\sCourt\sRule)\s(?P<court_rule>[0-9]{1,2}(?:\.[0-9]{1,2})?)"
    )


def of_number(match: re.Match[str]) -> tuple[str, str] | None:
    """What a match cites, and its subsection; None for the matches of other forms."""
    if match["public_law"]:
        return f"Pub L {match['public_law'].replace('–', '-')}", ""
    if match["register"]:
        return f"{match['register']} Fed Reg {match['register_page'].replace(',', '')}", ""
    if match["base"]:
        return f"{match['base_year']} {_database(match['base'])} {match['base_number']}", ""
    if match["docket"]:
        return f"No {match['docket']}", ""
    if match["model"]:
        return f"{match['model'].replace('.', '').replace(' ', '')} {match['model_section']}", match["model_inner"]
    return (f"Sup Ct R {match['court_rule']}", "") if match["court_rule"] else None


def _database(written: str) -> str:
    return re.sub(r"^U\.?\s?S\.?", "US", written).replace(".", "")
