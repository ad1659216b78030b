"""`rewardlang lsp`: the language server, for editors."""

from __future__ import annotations

import argparse
import importlib.util

from rewardlang.samples.problem import UsageError

DESCRIPTION = """
Speaks the Language Server Protocol on standard input and output: an editor starts it. It tells mistakes as one types, and
answers what is known of a word, what may follow, where a name is given and used; it renames, lays out, repairs, and runs
an example when asked. Files are checked and not run; functions of 'use python' run only in an example that somebody starts.

Needs the extra 'editor'. The folder grammars/vscode of the sources is an extension for Visual Studio Code.
"""
EXAMPLE = """
pip install 'rewardlang[editor]'
rewardlang lsp
"""
_LIBRARIES = ("pygls", "lsprotocol")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `lsp`: `--stdio`, which editors give, is the one way to speak."""
    parser.add_argument("--stdio", action="store_true", help="speak on standard input and output, as it does without this flag")


def run(arguments: argparse.Namespace) -> int:
    """Serves until the client says goodbye."""
    missing = [library for library in _LIBRARIES if importlib.util.find_spec(library) is None]
    if missing:
        what = " and ".join(missing)
        verb = "is" if len(missing) == 1 else "are"
        raise UsageError(f"the language server needs {what}, which {verb} not installed; install it with: pip install 'rewardlang[editor]'")
    from rewardlang.editor.stdio import serve

    serve()
    return 0
