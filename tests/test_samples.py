"""Rows of completions from files: what counts as a row, and how every way of being wrong is told."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewardlang.samples.problem import Problem, UsageError
from rewardlang.samples.read import Row, Samples


def read(text: str | bytes, **options: Any) -> list[Row | Problem]:
    """The rows and problems of a text as standard input."""
    raw = text.encode() if isinstance(text, str) else text
    return list(Samples("-", stdin=io.BytesIO(raw), **options))


def one(text: str | bytes, **options: Any) -> Row:
    """The only row of a text."""
    (row,) = read(text, **options)
    assert isinstance(row, Row)
    return row


def problem(text: str | bytes, **options: Any) -> Problem:
    """The only problem of a text."""
    (found,) = [item for item in read(text, **options) if isinstance(item, Problem)]
    return found


def test_a_row_is_known_by_its_id_else_by_its_line() -> None:
    """Blank lines count as lines and are no rows."""
    first, second = read('\n{"completion": "a"}\n\n{"id": "q7", "completion": "b"}\n')
    assert isinstance(first, Row)
    assert isinstance(second, Row)
    assert (first.id, first.line, second.id, second.line) == ("2", 2, "q7", 4)


def test_a_byte_order_mark_and_windows_line_ends_are_accepted() -> None:
    """Files from Windows editors read as they are."""
    assert [row.completions for row in read(b'\xef\xbb\xbf{"completion": "a"}\r\n{"completion": "b"}\r\n') if isinstance(row, Row)] == [
        ("a",),
        ("b",),
    ]


CHAT = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]


@pytest.mark.parametrize(
    ("record", "several", "completions"),
    [
        ({"completion": "a"}, False, ("a",)),
        ({"completion": CHAT}, False, (CHAT,)),
        ({"completions": ["a", "b"]}, True, ("a", "b")),
        ({"completion": ["a"]}, True, ("a",)),
        ({"completions": [CHAT, CHAT]}, True, (CHAT, CHAT)),
    ],
)
def test_the_items_of_a_list_tell_a_chat_from_several_completions(record: Any, several: bool, completions: Any) -> None:
    """A list of messages is one completion, a list of texts or of lists is several; the name of the column does not matter."""
    row = one(json.dumps(record))
    assert (row.several, row.completions) == (several, completions)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"response": "a"}, "has no completion"),
        ({"completion": "a", "completions": ["b"]}, "has both"),
        ({"completion": 7}, "holds the number 7"),
        ({"completion": {"role": "assistant", "content": "a"}}, "holds an object"),
        ({"completion": []}, "empty list"),
        ({"completion": [{"text": "a"}]}, "holds a list of 1"),
    ],
)
def test_a_completion_of_another_shape_is_an_error_that_names_the_row(record: Any, words: str) -> None:
    """The message says which row and what was found there."""
    found = problem(json.dumps({"id": "q7", **record}))
    assert (found.code, found.row) == ("RW604", "q7")
    assert words in found.message


def test_a_null_completion_is_marked_as_the_empty_text_and_said_so() -> None:
    """A generation that failed is no reason to stop, and no secret."""
    row = one('{"id": 3, "completion": null}')
    assert row.completions == ("",)
    assert [(warning.code, warning.severity) for warning in row.warnings] == [("RW605", "warning")]


def test_an_id_used_twice_is_a_warning_that_names_the_first_place() -> None:
    """`explain --row` would otherwise pick one of the two silently."""
    rows = read('{"id": 1, "completion": "a"}\n{"id": 1, "completion": "b"}')
    assert isinstance(rows[1], Row)
    assert "used before, on line 1" in rows[1].warnings[0].message


def test_a_broken_line_names_its_number_and_what_was_found_and_the_next_line_is_read() -> None:
    """One run names every broken line."""
    broken, row, also_broken = read('{"completion": "a"\n{"completion": "b"}\n(((')
    assert isinstance(row, Row)
    assert isinstance(broken, Problem)
    assert isinstance(also_broken, Problem)
    assert (broken.code, broken.line, also_broken.line) == ("RW602", 1, 3)
    assert "expected a comma or the closing bracket, found the end of the line" in broken.message
    assert "found '('" in also_broken.message
    assert also_broken.render().splitlines()[3:5] == ["3 | (((", "  | ^"]


@pytest.mark.parametrize(
    "text", ["(" * 10_000_000, "[" * 300_000, '{"a":' * 300_000, '{"completion": ' + "9" * 5000 + "}", '{"completion": NaN}']
)
def test_hostile_json_ends_in_one_clear_problem(text: str) -> None:
    """Ten megabytes of brackets, endless nesting, endless digits: no traceback, nothing hangs."""
    assert problem(text).code == "RW602"


def test_latin_1_names_the_byte_and_the_line() -> None:
    """The message names the byte, shows it as Latin-1 would, and says how to convert the file."""
    found = problem('{"completion": "ok"}\n{"completion": "café"}'.encode("latin-1"))
    assert (found.code, found.line) == ("RW601", 2)
    assert "byte 20 of the line is 0xE9 ('é' in Latin-1)" in found.message
    assert found.help is not None
    assert "iconv" in found.help


def test_latin_1_is_found_in_an_array_too() -> None:
    """Arrays are read in pieces; the line is counted across them."""
    text = '[{"completion": "' + "x" * 3_000_000 + '"},\n\n {"completion": "café"}]'
    found = problem(text.encode("latin-1"))
    assert (found.code, found.line) == ("RW601", 3)
    assert "byte 21 of the line" in found.message


def test_utf_16_is_named() -> None:
    """Spreadsheets save text as UTF-16; the message knows it."""
    assert "UTF-16" in problem('{"completion": "a"}'.encode("utf-16")).message


def test_an_empty_file_holds_no_rows() -> None:
    """Nothing marked is a finding, not a success."""
    assert [problem(text).code for text in ("", "\n\n", "[]")] == ["RW609"] * 3


def test_renames_take_our_name_from_the_files_column() -> None:
    """`--map completion=response`: the record stays as it was read."""
    row = one('{"response": "a", "gold": "72"}', renames={"completion": "response", "answer": "gold"})
    assert row.completions == ("a",)
    assert row.values == {"completion": "a", "answer": "72"}
    assert row.record == {"response": "a", "gold": "72"}


def test_a_rename_of_a_column_that_no_row_has_is_an_error_with_a_suggestion() -> None:
    """A misspelt `--map` is never ignored."""
    found = problem('{"completion": "a", "solution": "72"}', renames={"answer": "solutoin"})
    assert found.code == "RW610"
    assert found.help == "did you mean 'solution'?"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.lists(st.fixed_dictionaries({"completion": st.text(), "x": JSON_VALUES}), min_size=1, max_size=5)


@given(RECORDS, st.integers(0, 2), st.booleans())
def test_lines_and_arrays_hold_the_same_rows(records: list[Any], indent: int, escaped: bool) -> None:
    """However JSON is laid out, the rows are those that were written."""
    lines = "\n".join(json.dumps(record, ensure_ascii=escaped) for record in records)
    array = json.dumps(records, indent=indent or None, ensure_ascii=escaped)
    for text in (lines, array):
        raw = text.encode("utf-8", "surrogatepass")
        assert [row.record for row in read(raw) if isinstance(row, Row)] == records


@given(st.binary(max_size=200))
def test_no_bytes_raise(raw: bytes) -> None:
    """Whatever stands in a file, it comes out as rows or as problems."""
    read(raw)
    read(b"[" + raw)


CSV = 'id,completion,answer\nq1,"two\nlines",72\nq2,plain,"1,000"\n'


def write(folder: Path, name: str, text: str) -> str:
    """A file in a folder, by its path."""
    (folder / name).write_text(text, encoding="utf-8", newline="")
    return str(folder / name)


@pytest.mark.parametrize("text", [CSV, CSV.replace("\n", "\r\n"), "\ufeff" + CSV, CSV.replace(",", ";").replace("1;000", "1,000")])
def test_csv_cells_are_text_and_may_hold_line_breaks(tmp_path: Path, text: str) -> None:
    """The line of a row is the one on which it starts; a semicolon separates where the first line has no comma."""
    rows = [row for row in Samples(write(tmp_path, "s.csv", text)) if isinstance(row, Row)]
    assert [(row.id, row.line, row.values["answer"]) for row in rows] == [("q1", 2, "72"), ("q2", 4, "1,000")]
    assert rows[0].completions[0] in ("two\nlines", "two\r\nlines")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("completion,answer\na\n", "line 2 has 1 cells, and the first line names 2 columns"),
        ("completion,completion\na,b\n", "two columns called 'completion'"),
        ("completion,\na,b\n", None),
        ('completion\n"a\n', "not valid CSV"),
    ],
)
def test_csv_that_does_not_fit_is_an_error(tmp_path: Path, text: str, words: str | None) -> None:
    """A row with another number of cells would move every value to a wrong column."""
    found = [item for item in Samples(write(tmp_path, "s.csv", text)) if isinstance(item, Problem)]
    if words is not None:
        assert [item.code for item in found] == ["RW602"]
        assert words in found[0].message


def test_parquet_rows_keep_their_types(tmp_path: Path) -> None:
    """Lists and chat messages come out as lists and objects; rows are counted from 1."""
    parquet = pytest.importorskip("pyarrow.parquet")
    pyarrow = pytest.importorskip("pyarrow")
    path = str(tmp_path / "s.parquet")
    parquet.write_table(pyarrow.Table.from_pylist([{"completion": CHAT, "n": 1.5}, {"completion": None, "n": 2.0}]), path)
    first, second = list(Samples(path))
    assert isinstance(first, Row)
    assert isinstance(second, Row)
    assert (first.completions, first.several, first.values["n"], second.id, second.values["n"]) == ((CHAT,), False, 1.5, "2", 2)
    assert second.warnings[0].place == f"{path}, row 2"


def test_a_sheet_is_read_from_its_first_row(tmp_path: Path) -> None:
    """Whole numbers of a spreadsheet are integers; empty rows at the end are no rows."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in [["id", "completion", "n"], [7.0, "text", 2.0], [None, None, None], ["b", None, 0.5]]:
        book.active.append(row)
    book.save(tmp_path / "s.xlsx")
    first, second = list(Samples(str(tmp_path / "s.xlsx")))
    assert isinstance(first, Row)
    assert isinstance(second, Row)
    assert (first.id, first.line, first.values["n"], second.line, second.completions) == ("7", 2, 2, 4, ("",))


@pytest.mark.parametrize("name", ["s.parquet", "s.xlsx"])
def test_a_table_that_is_none_is_an_error_and_no_traceback(tmp_path: Path, name: str) -> None:
    """A text file under the name of a table."""
    pytest.importorskip("pyarrow")
    pytest.importorskip("openpyxl")
    (found,) = Samples(write(tmp_path, name, "hello"))
    assert isinstance(found, Problem)
    assert found.code == "RW602"


def test_a_missing_file_suggests_the_nearest_name(tmp_path: Path) -> None:
    """Wrong use of a command, with the name that was probably meant."""
    write(tmp_path, "samples.jsonl", "")
    with pytest.raises(UsageError, match=r"there is no file .*sampels\.jsonl; did you mean 'samples\.jsonl'\?"):
        list(Samples(str(tmp_path / "sampels.jsonl")))
    with pytest.raises(UsageError, match="is a folder"):
        list(Samples(str(tmp_path)))
    with pytest.raises(UsageError, match="cannot tell how"):
        list(Samples(write(tmp_path, "samples.docx", "")))
