"""Nothing that a client sends ends the session, and a broken file is still of use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.editor.client import Client, Page, Refused
from tests.editor.shared import REWARD

TEXTS = ["", "\ufeff", "🎉", "\ud800", "rule", '"', '"""', "/", "#", "\x00", "\r\r\n\n", "a" * 5000, "] ) 1 % <"]
TEXTS += ["rewardlang 1\nreward x\n" + "(" * 200, "rewardlang 1\nreward x\nlet a = " + "not " * 300 + "b"]
FAR = {"line": 10**6, "character": 10**6}


@pytest.fixture
def page(client: Client, tmp_path: Path) -> Page:
    """The shared file, open and checked."""
    return client.open(tmp_path / "letters.reward", REWARD)


def test_a_broken_file_keeps_symbols_ranges_and_names(page: Page) -> None:
    """In the middle of typing, what was last known is shown where it now is."""
    before = [symbol["name"] for symbol in page.ask("documentSymbol")]
    page.change(REWARD.replace("section content", "let unfinished = only\n\nsection content"))
    assert [symbol["name"] for symbol in page.ask("documentSymbol")] == before
    (content,) = [symbol for symbol in page.ask("documentSymbol") if symbol["name"] == "content"]
    assert page.words(content["selectionRange"]) == "content"
    whole = {"start": {"line": 0, "character": 0}, "end": FAR}
    assert "0 to 2 points" in [hint["label"] for hint in page.ask("inlayHint", range=whole)]
    page.change(REWARD.replace("let body = only <letter> in completion", "let body ="))
    assert {"body", "topic"} <= {item["label"] for item in page.ask("completion", page.after("points when "))}


def test_a_file_that_was_never_whole_gives_what_can_be_read(client: Client, tmp_path: Path) -> None:
    """The statements that parse are symbols."""
    page = client.open(tmp_path / "new.reward", "rewardlang 1\nreward new\nlet a = only\nrule b: award 1 point when x = 1\n")
    assert "b" in [symbol["name"] for symbol in page.ask("documentSymbol")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\ufeff",
        "🎉",
        "\ud800",
        "rule",
        '"',
        '"""',
        "/",
        "#",
        "rewardlang 1\nreward x\n" + "(" * 200,
        "\x00",
        "\r\r\n\n",
        "a" * 5000,
        "] ) 1 % <",
    ],
    ids=repr,
)
def test_any_text_is_answered(page: Page, text: str) -> None:
    """Every request, at every kind of place, for texts that are no files."""
    page.change(text)
    for position in ({"line": 0, "character": 0}, {"line": 0, "character": 1}, FAR):
        for method in ("hover", "definition", "prepareRename"):
            page.ask(method, position)
        page.ask("completion", position)
        page.ask("references", position, context={"includeDeclaration": True})
        with pytest.raises(Refused):
            page.ask("rename", position, newName="x")
    span = {"start": FAR, "end": {"line": 0, "character": 0}}
    page.ask("codeAction", range=span, context={"diagnostics": []})
    page.ask("inlayHint", range=span)
    for method in ("documentSymbol", "foldingRange", "codeLens"):
        page.ask(method)
    page.ask("formatting", options={"tabSize": 2, "insertSpaces": True})
    assert page.change(REWARD) == []


def test_every_beginning_of_a_file_is_answered(page: Page) -> None:
    """As one types the file from its first letter on: completion at the end of each beginning, and the outline."""
    for end in range(0, len(REWARD), 37):
        page.change(REWARD[:end], wait=False)
        page.ask("completion", page.position(end))
        page.ask("documentSymbol")
    assert page.change(REWARD) == []


def test_wrong_requests_are_refused_and_the_session_goes_on(page: Page) -> None:
    """Files that are not open, commands that do not exist, arguments of the wrong kind, words that are no JSON."""
    client = page.client
    with pytest.raises(Refused):
        client.ask("textDocument/hover", {"textDocument": {"uri": "file:///nowhere"}, "position": {"line": 0, "character": 0}})
    with pytest.raises(Refused):
        client.ask("workspace/executeCommand", {"command": "rewardlang.runExample", "arguments": [page.uri, "no such example"]})
    with pytest.raises(Refused):
        client.ask("workspace/executeCommand", {"command": "rewardlang.runExample", "arguments": [1, 2, 3]})
    with pytest.raises(Refused):
        client.ask("no/such/method", {})
    client.tell("textDocument/didChange", {"textDocument": 7})
    client.tell("textDocument/didClose", {"textDocument": {"uri": "untitled:nothing"}})
    client.send_raw(b"{ this is no JSON")
    client.send_raw(b"[1, 2]")
    assert page.change(REWARD + "\n") == []


def test_a_text_that_is_no_file_yet_is_checked(client: Client) -> None:
    """An untitled document has no folder; a list from a file in it is a mistake that is told."""
    uri = "untitled:Untitled-1"
    text = REWARD.replace('list greetings = ["Dear", "Hello"]', 'list greetings: text from "greetings.txt"')
    client.tell("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "reward", "version": 1, "text": text}})
    (found, *_) = Page(client, uri, text).checked()
    assert found["severity"] == 1


def test_opening_and_typing_run_nothing_of_the_file(client: Client, tmp_path: Path) -> None:
    """A module that the file names is imported when an example is run on request, and not before."""
    trace = tmp_path / "it ran"
    (tmp_path / "marks.py").write_text(
        f"open({str(trace)!r}, 'w').close()\n\ndef tone(text):\n    print('noise')\n    return 0.5\n", encoding="utf-8"
    )
    text = """rewardlang 1
reward polite
use python "marks:tone" as tone(text: text) returns number between 0 and 1 timeout 20 s on error 0
rule polite: award up to 1 point scaled by tone(completion)
score between 0 and 1
example "one" model writes "please" expect score = 0.5
"""
    page = client.open(tmp_path / "polite.reward", text)
    assert page.change(text + "\n") == []
    page.ask("codeLens")
    assert not trace.exists()
    command = {"command": "rewardlang.runExample", "arguments": [page.uri, "one"]}
    assert client.ask("workspace/executeCommand", command) == "✓ holds: score 0.5"
    assert trace.exists()


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the libraries: wrong use, and the command that installs them."""
    import importlib.util

    from rewardlang.cli import main

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["lsp"]) == 2
    assert "install it with: pip install 'rewardlang[editor]'" in capsys.readouterr().err
