"""`rewardlang doc`: the policy as a document that an expert can read, print and sign."""

from __future__ import annotations

import argparse
from pathlib import Path

from rewardlang.commands import shared
from rewardlang.samples.problem import UsageError

DESCRIPTION = """
Writes the policy as a document for people: what is read, the conditions that come first, every section and rule in words
beside its 'because', ranges, caps and weights, the guarantees, the examples and attacks with their marks, version and
fingerprint, and a place for signatures.

The HTML page needs nothing else, is readable in light and dark, and prints. Without --html or --markdown the Markdown goes
to standard output. The same file gives the same document. A file with an error, or with an example that does not hold,
gives none.

--json prints one object: file, name, version, fingerprint, wrote (the paths).
"""
EXAMPLE = """
rewardlang doc memo.reward --html memo.html
rewardlang doc memo.reward --markdown memo.md
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `doc`."""
    parser.add_argument("file", metavar="FILE", help="the .reward file")
    parser.add_argument("--html", metavar="OUT", help="write a page that needs nothing else")
    parser.add_argument("--markdown", metavar="OUT", help="write Markdown")
    parser.add_argument("--json", action="store_true", help="one JSON object about what was written; with --html or --markdown")


def run(arguments: argparse.Namespace) -> int:
    """Compiles, runs the examples, writes."""
    wanted = {form: out for form, out in (("html", arguments.html), ("markdown", arguments.markdown)) if out}
    if arguments.json and not wanted:
        raise UsageError("--json tells what was written; give --html OUT or --markdown OUT")
    if len({str(Path(out).resolve()) for out in wanted.values()}) < len(wanted):
        raise UsageError("--html and --markdown name the same file")
    compiled = shared.compile_file(arguments.file)
    if any(Path(out).resolve() == Path(arguments.file).resolve() for out in wanted.values()):
        raise UsageError(f"the document would overwrite {arguments.file} itself")
    if shared.tell_errors(compiled):
        return 1
    from rewardlang.commands.doc_content import document_of
    from rewardlang.commands.doc_html import html_of
    from rewardlang.commands.doc_markdown import markdown_of
    from rewardlang.reward import Reward

    reward = Reward(compiled)
    results = reward.run_examples()
    failures = [failure for result in results for failure in result.failures]
    if failures:
        shared.print_findings(failures)
        print(f"{shared.counted(len(failures), 'expectation')} of {arguments.file} not met; no document was written")
        return 1
    document = document_of(reward.program, reward.program.identity.file, results)
    if not wanted:
        print(markdown_of(document), end="")
        return 0
    for form, out in wanted.items():
        _write(Path(out), html_of(document) if form == "html" else markdown_of(document))
    if arguments.json:
        shared.print_json(
            {
                "file": arguments.file,
                "name": reward.name,
                "version": reward.version,
                "fingerprint": reward.fingerprint,
                "wrote": list(wanted.values()),
            }
        )
    else:
        print("\n".join(f"wrote {out}" for out in wanted.values()))
    return 0


def _write(path: Path, text: str) -> None:
    from rewardlang.whole_file import whole

    try:
        with whole(path) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
