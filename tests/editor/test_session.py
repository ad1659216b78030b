"""`rewardlang lsp` over its pipes, one test a feature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.editor.client import Client, Page, Refused
from tests.editor.shared import REWARD

WHOLE = {"start": {"line": 0, "character": 0}, "end": {"line": 999, "character": 0}}


@pytest.fixture
def page(client: Client, tmp_path: Path) -> Page:
    """The shared file, open and checked."""
    return client.open(tmp_path / "letters.reward", REWARD)


def _labels(page: Page, words: str) -> set[str]:
    return {item["label"] for item in page.ask("completion", page.after(words))}


def _hover(page: Page, words: str) -> str:
    return str(page.ask("hover", page.after(words))["contents"]["value"])


def _edited(page: Page, edits: list[dict[str, Any]]) -> str:
    text = page.text
    for edit in sorted(edits, key=lambda edit: (edit["range"]["start"]["line"], edit["range"]["start"]["character"]), reverse=True):
        start, end = page.offset(edit["range"]["start"]), page.offset(edit["range"]["end"])
        text = text[:start] + edit["newText"] + text[end:]
    return text


def test_a_whole_file_has_no_diagnostics(page: Page) -> None:
    """The shared file checks clean."""
    assert page.checked() == []


def test_mistakes_are_told_as_one_types(page: Page) -> None:
    """A mistake of syntax comes at once, one of meaning with the check; a right text takes them back."""
    page.change(REWARD.replace("rule named:", "rule named"), wait=False)
    (found,) = page.read()
    assert (found["code"], found["severity"], found["source"]) == ("RW101", 1, "rewardlang")
    page.change(REWARD.replace("body contains topic\n  because", "body contains topci\n  because"), wait=False)
    assert page.read() == []
    (found,) = page.checked()
    assert (found["code"], page.words(found["range"])) == ("RW201", "topci")
    assert "did you mean 'topic'?" in found["message"]
    assert page.change(REWARD) == []


def test_what_is_known_stays_while_one_types_elsewhere(page: Page) -> None:
    """A mistake of meaning does not blink: it is told with its new place at once, unless its words have changed."""
    broken = REWARD.replace("contains topic\n  because", "contains topci\n  because")
    page.change(broken)
    page.change("# a comment\n" + broken, wait=False)
    (found,) = page.read()
    assert (found["code"], page.words(found["range"])) == ("RW201", "topci")
    page.checked()
    page.change("# a comment\n" + REWARD, wait=False)
    assert page.read() == []


def test_positions_count_utf_16_units(page: Page) -> None:
    """Behind an emoji a mistake still has its place."""
    (found, *_) = page.change(REWARD.replace('with topic = "rain"\n  model writes "<l', 'with tpoic = "rain"\n  model writes "<l', 1))
    assert page.words(found["range"]) == "tpoic"
    line = 'example "🎉 a good letter" with '
    assert found["range"]["start"]["character"] == len(line) + 1


@pytest.mark.parametrize(("encoding", "units"), [("utf-8", 3), ("utf-16", 1), ("utf-32", 0)])
def test_the_client_chooses_the_units(tmp_path: Path, encoding: str, units: int) -> None:
    """UTF-8, UTF-16 and UTF-32 are offered by clients; the first that is known is used."""
    with Client(encodings=[encoding]) as other:
        assert other.capabilities["positionEncoding"] == encoding
        text = REWARD.replace('with topic = "rain"\n  model writes "<l', 'with tpoic = "rain"\n  model writes "<l', 1)
        (found, *_) = other.open(tmp_path / "letters.reward", text).checked()
        assert found["range"]["start"]["character"] == len('example "🎉 a good letter" with ') + units


def test_hover_tells_type_points_and_reason(page: Page) -> None:
    """A let has its type, a rule its points and its reason, a section its range, `score` what can be reached."""
    assert "value **body**: optional text" in _hover(page, "let bo")
    told = _hover(page, "rule nam")
    assert "rule **named** of section content: 0 to 2 points" in told
    assert 'because "a letter says what it is about"' in told
    assert "section **form**: adds -1 to 1 points" in _hover(page, "section for")
    assert "the rules can reach -1 to 4" in _hover(page, "score betw")
    assert "column **topic**: text" in _hover(page, "award 2 points when body contains to")
    assert "what the model wrote" in _hover(page, "only <letter> in comp")


def test_hover_shows_the_page_of_a_verifier_and_of_a_mistake(page: Page) -> None:
    """A word of the vocabulary has its author's page; a place with a mistake the page of its code."""
    told = _hover(page, "count of wor")
    assert "The words of a text" in told
    assert "Known gaps" in told
    page.change(REWARD.replace("contains topic\n  because", "contains topci\n  because"))
    assert "### RW201" in _hover(page, "contains topc")


def test_hover_tells_what_a_word_of_the_language_means(page: Page) -> None:
    """A phrase is one word, wherever the pointer is on it; a word that is a name here has its name's hover."""
    assert "**require**: must hold" in _hover(page, "requi")
    assert "**less than**" in _hover(page, "is less tha")
    assert "**less than**" in _hover(page, "is le")
    assert "**only**: the one that is found" in _hover(page, "= onl")


def test_hover_and_names_behind_an_emoji(page: Page) -> None:
    """The pointer on a name that stands behind one, on the same line."""
    words = 'example "🎉 a good letter" with top'
    assert "column **topic**: text" in _hover(page, words)
    place = page.ask("prepareRename", page.after(words))
    assert page.words(place["range"]) == "topic"


def test_an_unused_column_is_greyed_out(page: Page) -> None:
    """Editors fade what carries this tag."""
    (found,) = page.change(REWARD.replace("column topic", "column extra: number\ncolumn topic"))
    assert (found["code"], found["tags"]) == ("RW208", [1])


def test_hover_tells_the_type_of_an_expression(page: Page) -> None:
    """Where no name stands, the smallest expression around the place."""
    assert "`only <letter> in completion`: optional text" in _hover(page, "let body = on")
    assert "`body contains topic`: boolean" in _hover(page, "points when body conta")
    assert page.ask("hover", page.position(page.text.index("\n\n") + 1)) is None


def test_completion_offers_what_the_parser_would_take(page: Page) -> None:
    """At the start of a statement its words; after `when` values and tests; after `is` predicates; no words that cannot follow."""
    assert {"rule", "let", "example", "score"} <= _labels(page, "marking board.\n")
    assert _labels(page, "rule named: ") == {"award", "deduct"}
    after_when = _labels(page, "award 2 points when ")
    assert {"body", "topic", "greetings", "short", "completion", "only", "share of", "token_f1"} <= after_when
    assert not {"named", "award", "year"} & after_when
    assert {"present", "missing", "at least", "integer", "valid_json"} <= _labels(page, "require body is ")
    assert _labels(page, "let ") == set()


def test_completion_knows_finders_tags_patterns_and_rules(page: Page) -> None:
    """After a selector what can be found; after `expect` the rules; after `with` the columns; after a colon the types."""
    assert {"<letter>", "word", "number", "year", "text after"} <= _labels(page, "let body = only ")
    assert {"year", "word", "distinct"} <= _labels(page, "award 0.5 points for each ")
    assert {"named", "brief", "score", "skip"} <= _labels(page, "  expect ")
    assert _labels(page, '🎉 a good letter" with ') == {"topic", "bonus", "step"}
    assert {"text", "number", "list of", "one of"} <= _labels(page, "column topic: ")


def test_completion_finishes_a_word_and_a_phrase(page: Page) -> None:
    """What is typed of a word is replaced, also of a phrase of two words, and of a tag."""
    page.change(REWARD + "\nrule more: award 1 point when count of word in body is at l")
    (item,) = [item for item in page.ask("completion", page.after("body is at l")) if item["label"] == "at least"]
    assert page.words(item["textEdit"]["range"]) == "at l"
    page.change(REWARD + "\nlet other = only <le")
    (item,) = [item for item in page.ask("completion", page.after("only <le")) if item["label"] == "<letter>"]
    assert page.words(item["textEdit"]["range"]) == "<le"


def test_completion_is_silent_in_comments_and_texts(page: Page) -> None:
    """Nothing is offered where words are free."""
    assert _labels(page, "# Notes ") == set()
    assert _labels(page, 'because "what the ') == set()


def test_definition_and_references(page: Page) -> None:
    """From a use to where the name is given, and to every use; loops and definitions have names of their own."""
    place = page.ask("definition", page.after("when body contains to"))
    assert page.position(page.offset(place["range"]["start"])) == page.after("column ")
    uses = page.ask("references", page.after("let bo"), context={"includeDeclaration": False})
    assert [page.words(use["range"]) for use in uses] == ["body"] * 6
    uses = page.ask("references", page.after("define short("), context={"includeDeclaration": True})
    assert [use["range"]["start"]["line"] for use in uses] == [9, 9]
    uses = page.ask("references", page.after("some greeti"), context={"includeDeclaration": True})
    assert [page.words(use["range"]) for use in uses] == ["greeting", "greeting"]
    assert page.ask("references", page.position(0), context={"includeDeclaration": True}) == []


def test_definition_leads_into_an_imported_file(client: Client, tmp_path: Path) -> None:
    """`common.year` is given in the file that is imported."""
    (tmp_path / "common.reward").write_text('rewardlang 1\nreward common\nlist years = ["1066"]\n', encoding="utf-8")
    text = 'rewardlang 1\nreward letters\nimport "common.reward" as common\nrule a: award 1 point when completion is in common.years\n'
    page = client.open(tmp_path / "letters.reward", text + "score between 0 and 1\n")
    place = page.ask("definition", page.after("in common.yea"))
    assert place["uri"].endswith("common.reward")
    assert place["range"]["start"] == {"line": 2, "character": 5}
    assert {item["label"] for item in page.ask("completion", page.after("in common."))} == {"years"}


def test_rename_changes_every_place_and_nothing_else(page: Page) -> None:
    """A column in its uses and in the examples; the renamed file is still right."""
    assert page.ask("prepareRename", page.after("column top"))["placeholder"] == "topic"
    edits = page.ask("rename", page.after("column top"), newName="subject")["changes"][page.uri]
    text = _edited(page, edits)
    assert text == REWARD.replace("topic", "subject")
    assert page.change(text) == []


@pytest.mark.parametrize(
    ("words", "new", "told"),
    [
        ("column top", "rule", "word of the language"),
        ("column top", "two words", "is not a name"),
        ("column top", "body", "already a name"),
        ("column top", "completion", "already a name"),
        ("only <letter> in comple", "reply", "only names that this file gives"),
        ("rewardl", "x", "only names that this file gives"),
    ],
)
def test_rename_refuses_what_is_no_name(page: Page, words: str, new: str, told: str) -> None:
    """With the reason, as the error of the request."""
    with pytest.raises(Refused, match=told):
        page.ask("rename", page.after(words), newName=new)


def test_formatting_is_that_of_fmt(page: Page) -> None:
    """The whole text in house style; a broken one is left alone."""
    style = {"tabSize": 2, "insertSpaces": True}
    page.change(page.text.replace("rule brief:  ", "rule brief: ").replace("rule brief: deduct", "rule   brief:deduct"))
    (edit,) = page.ask("formatting", options=style)
    assert "rule brief: deduct" in edit["newText"]
    page.change(edit["newText"])
    assert page.ask("formatting", options=style) == []
    page.change(page.text + "\nrule")
    assert page.ask("formatting", options=style) is None


def test_a_quick_fix_writes_the_word_that_was_meant(page: Page) -> None:
    """From `did you mean`, for names and for words of the language; the repaired file is right."""
    for right, wrong in (("contains topic\n  because", "contains topci\n  because"), ("section content", "secton content")):
        (found, *_) = page.change(REWARD.replace(right, wrong))
        (action, *_) = page.ask("codeAction", range=found["range"], context={"diagnostics": [found]})
        assert action["kind"] == "quickfix"
        assert page.change(_edited(page, action["edit"]["changes"][page.uri])) == []
    assert page.ask("codeAction", range=WHOLE, context={"diagnostics": []}) == []


def test_a_quick_fix_writes_the_sign_that_was_meant(page: Page) -> None:
    """From the edits that a mistake brings with it."""
    (found, *_) = page.change(REWARD.replace("is less than 50", '<= 50 && x contains "a"'))
    (action,) = page.ask("codeAction", range=found["range"], context={"diagnostics": [found]})
    assert action["isPreferred"] is True
    text = _edited(page, action["edit"]["changes"][page.uri])
    assert "<= 50 and x contains" in text
    assert page.change(text) == []


def test_symbols_and_folds_follow_the_statements(page: Page) -> None:
    """Rules lie below their section; sections, examples and comments over several lines fold."""
    symbols = page.ask("documentSymbol")
    names = [symbol["name"] for symbol in symbols]
    assert names[:6] == ["topic", "bonus", "greetings", "year", "short", "body"]
    (form,) = [symbol for symbol in symbols if symbol["name"] == "form"]
    assert [child["name"] for child in form["children"]] == ["greeted", "brief"]
    assert "example: 🎉 a good letter" in names
    folds = {(fold["startLine"], fold["endLine"], fold.get("kind")) for fold in page.ask("foldingRange")}
    assert (3, 4, "comment") in folds
    assert any(page.text.splitlines()[start].startswith("section content") for start, _, _ in folds)


def test_inlay_hints_show_ranges(page: Page) -> None:
    """Behind each rule and section what it can give, behind `score` what can be reached."""
    lines = page.text.splitlines()
    hints = {lines[hint["position"]["line"]].split(":")[0]: hint["label"] for hint in page.ask("inlayHint", range=WHOLE)}
    assert hints["rule named"] == "0 to 2 points"
    assert hints["rule brief"] == "-1 to 0 points"
    assert hints["section form at least -1"] == "-1 to 1 points"
    assert hints["score between -2 and 4"] == "reachable: -1 to 4"


def test_a_code_lens_runs_an_example_and_shows_what_came(page: Page) -> None:
    """`run this example`, then its score; a failed expectation is a diagnostic until the text changes."""
    first, second = page.ask("codeLens")
    assert (first["command"]["title"], second["command"]["title"]) == ("run this example", "run this attack")
    command = {"command": first["command"]["command"], "arguments": first["command"]["arguments"]}
    assert page.client.ask("workspace/executeCommand", command) == "✓ holds: score 3"
    assert page.ask("codeLens")[0]["command"]["title"] == "✓ holds: score 3"
    assert f"{first['command']['arguments'][1]}: ✓ holds: score 3" in page.client.messages
    page.change(page.text.replace("expect score = 3\n", "expect score = 2\n"))
    assert page.ask("codeLens")[0]["command"]["title"] == "run this example"
    assert page.client.ask("workspace/executeCommand", command) == "✗ fails: score 3; the score is 3.0"
    (found,) = page.client.published[-1][2]
    assert (found["code"], page.words(found["range"])) == ("RW505", "expect score = 2")
    assert page.change(REWARD) == []
