"""The mistakes of syntax after a small edit, from the statements that it touches alone.

Reading a file of 500 lines takes most of the time that a keystroke has. A
statement begins with a word that cannot continue another, so where the text
before the edit was whole, what the edit broke is in the statements around it.
The whole reading follows, and has the last word.
"""

from __future__ import annotations

from rewardlang.editor.positions import Moved
from rewardlang.errors import Diagnostic
from rewardlang.parsing.syntax import File
from rewardlang.parsing.syntax_from_text import parse
from rewardlang.record import replaced
from rewardlang.source import Source, Span

_HEAD = "rewardlang 1\nreward x\n"
_LONGEST = 20_000


def mistakes_after(whole: str, file: File, source: Source) -> tuple[Diagnostic, ...] | None:
    """The mistakes of `source`, where `whole` was read without any, as `file`; None where the edit is not a small one inside."""
    moved = Moved(whole, source.text)
    first, last = moved.changed
    before = [node.span.start for node in file.statements if node.span.start < first]
    after = [node.span.start for node in file.statements if node.span.start > last]
    if not before:
        return None
    start = before[-1]
    end = moved.offset(after[0]) if after else len(source.text)
    if end - start > _LONGEST:
        return None
    fragment = parse(Source(source.name, _HEAD + source.text[start:end]))
    return tuple(_shifted(found, source, start - len(_HEAD)) for found in fragment.diagnostics)


def _shifted(found: Diagnostic, source: Source, by: int) -> Diagnostic:
    """The same mistake at its place in the whole text."""

    def there(span: Span) -> Span:
        return Span(max(0, span.start + by), max(0, span.end + by))

    related = tuple(replaced(other, span=there(other.span)) for other in found.related)
    fix = found.fix
    if fix is not None:
        fix = replaced(fix, edits=tuple(replaced(edit, span=there(edit.span)) for edit in fix.edits))
    return replaced(found, source=source, span=there(found.span), related=related, fix=fix)
