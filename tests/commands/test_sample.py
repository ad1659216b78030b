"""`rewardlang sample`, against a server of our own on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from rewardlang.commands.sample_client import Client, ServerProblem, Settings
from rewardlang.commands.sample_out import Growing
from rewardlang.samples.problem import UsageError
from tests.commands.conftest import ROWS, Run

KEY = "sk-secret-0123456789"


class Stub:
    """A server: `answers` are taken one a request (a status, headers and body), and then it completes as asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[tuple[int, dict[str, str], str]] = []
        self.at_most = 100
        self.finish_reason = "stop"
        self._lock = threading.Lock()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, headers, text = stub.answer(self.path, body, dict(self.headers))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(text.encode())), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def answer(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> tuple[int, dict[str, str], str]:
        """What goes back for one request."""
        with self._lock:
            self.asked.append(body)
            self.headers.append(headers)
            if path != "/v1/chat/completions":
                return 404, {}, "no such path"
            if self.answers:
                return self.answers.pop(0)
            count = min(body["n"], self.at_most)
            choices = [
                {"message": {"role": "assistant", "content": f"<answer>{index}</answer> 🙂"}, "finish_reason": self.finish_reason}
                for index in range(count)
            ]
            return 200, {}, json.dumps({"choices": choices, "usage": {"completion_tokens": 7 * count}})

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A server that runs as long as the test."""
    server = Stub()
    yield server
    server.close()


def ask(run: Run, stub: Stub, *words: str) -> Any:
    """The command on the four rows of the folder's samples, whose completions are passed over."""
    flags = ("--base-url", stub.url, "--model", "m", "-n", "2", "--out", "out.jsonl", "--tries", "2")
    return run("sample", "--prompts", "samples.jsonl", *flags, *words)


def rows(folder: Path) -> dict[str, dict[str, Any]]:
    """What was written, by id."""
    found = [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len({row["id"] for row in found}) == len(found)
    return {row["id"]: row for row in found}


def test_samples_are_written_with_the_columns_of_the_prompts(run: Run, stub: Stub, tmp_path: Path) -> None:
    """N completions each; what is asked of the server is the prompt and the settings, and `check` reads the file."""
    result = ask(run, stub, "--system", "Be brief.", "--temperature", "0.7", "--seed", "3")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("out.jsonl: 4 prompts, 8 completions in ")
    written = rows(tmp_path)
    assert set(written) == {row["id"] for row in ROWS}
    settings = {"model": "m", "temperature": 0.7, "max_tokens": 1024, "seed": 3}
    assert written["q1"] == {
        "id": "q1",
        "prompt": "8 * 9?",
        "answer": "72",
        "completions": ["<answer>0</answer> 🙂", "<answer>1</answer> 🙂"],
        "truncated": [False, False],
        "sampled": {**settings, "system": "Be brief."},
    }
    assert {
        **settings,
        "n": 2,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "8 * 9?"}],
    } in stub.asked
    assert run("check", "math.reward", "--samples", "out.jsonl").code == 0


def test_a_server_that_gives_one_at_a_time(run: Run, stub: Stub, tmp_path: Path) -> None:
    """It is asked again until there are enough; then the tokens of each are known."""
    stub.at_most = 1
    assert ask(run, stub).code == 0
    assert len(stub.asked) == 8
    assert rows(tmp_path)["q1"]["completion_tokens"] == [7, 7]


def test_truncation_is_told(run: Run, stub: Stub, tmp_path: Path) -> None:
    """By the reason that the server gives."""
    stub.finish_reason = "length"
    result = ask(run, stub, "--max-tokens", "16")
    assert "100 % of the completions were cut off at 16 tokens; --max-tokens allows more" in result.out
    assert rows(tmp_path)["q2"]["truncated"] == [True, True]


def test_a_run_that_was_stopped_is_gone_on_with(run: Run, stub: Stub, tmp_path: Path) -> None:
    """Half a line at the end is taken away, rows that are there are not asked for again, nothing is lost or doubled."""
    assert ask(run, stub).code == 0
    whole = (tmp_path / "out.jsonl").read_bytes()
    lines = whole.splitlines(keepends=True)
    (tmp_path / "out.jsonl").write_bytes(lines[0] + lines[1] + lines[2][:20])
    stub.asked.clear()
    result = ask(run, stub)
    assert "2 prompts were there before" in result.out
    assert len(stub.asked) == 2
    assert sorted((tmp_path / "out.jsonl").read_bytes().splitlines()) == sorted(whole.splitlines())
    assert ask(run, stub).out.startswith("out.jsonl: 0 prompts, 0 completions")


def test_two_runs_do_not_write_one_file(run: Run, stub: Stub, tmp_path: Path) -> None:
    """The second is refused while the first is at it, and nothing of the file changes."""
    assert ask(run, stub).code == 0
    before = (tmp_path / "out.jsonl").read_bytes()
    settings = rows(tmp_path)["q1"]["sampled"]
    with Growing(str(tmp_path / "out.jsonl"), 2, settings):
        result = ask(run, stub)
    assert (result.code, "another run is writing out.jsonl at this moment" in result.err) == (2, True)
    assert (tmp_path / "out.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--temperature", "0.2"), "was sampled otherwise (2 each, model m, temperature 1.0"), (("-n", "4"), "was sampled otherwise (2 each")],
)
def test_other_settings_do_not_mix(run: Run, stub: Stub, words: tuple[str, ...], told: str) -> None:
    """A file holds completions that were drawn in one way."""
    assert ask(run, stub).code == 0
    result = ask(run, stub, *words)
    assert result.code == 2
    assert told in result.err


def test_a_file_of_somebody_else_is_not_touched(run: Run, stub: Stub, tmp_path: Path) -> None:
    """Only what this command wrote is gone on with."""
    (tmp_path / "out.jsonl").write_text('{"id": 1}\n', encoding="utf-8")
    assert ask(run, stub).code == 2
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8") == '{"id": 1}\n'


def test_what_may_pass_is_tried_again(run: Run, stub: Stub) -> None:
    """A full server that says when to come back; a broken one."""
    stub.answers = [(429, {"Retry-After": "0"}, "busy"), (503, {"Retry-After": "0"}, "starting")]
    result = ask(run, stub, "--parallel", "1", "--tries", "3")
    assert result.code == 0
    assert len(stub.asked) == 6


def test_half_an_answer_is_asked_for_again(stub: Stub) -> None:
    """As a rule it was cut off on its way."""
    stub.answers = [(200, {}, '{"choices": [')]
    pauses: list[float] = []
    found = Client(stub.url, None, 5, 2, pauses.append).complete([{"role": "user", "content": "x"}], 1, Settings("m", 1, None, 8, None))
    assert (len(found), len(pauses)) == (1, 1)


def test_rows_of_one_id_are_told(run: Run, stub: Stub, tmp_path: Path) -> None:
    """The first is asked; the other is not lost in silence."""
    (tmp_path / "samples.jsonl").write_text('{"id": 1, "prompt": "a"}\n{"id": 1, "prompt": "b"}\n', encoding="utf-8")
    result = ask(run, stub)
    assert result.code == 1
    assert "row '1': another row has this id; it is not asked for" in result.err
    assert rows(tmp_path)["1"]["prompt"] == "a"


def test_prompts_that_changed_since_are_told(run: Run, stub: Stub, tmp_path: Path) -> None:
    """Rows without ids are known by their lines, and a new line above moves them."""
    (tmp_path / "samples.jsonl").write_text('{"prompt": "a"}\n{"prompt": "b"}\n', encoding="utf-8")
    assert ask(run, stub).code == 0
    (tmp_path / "samples.jsonl").write_text('{"prompt": "new"}\n{"prompt": "a"}\n{"prompt": "b"}\n', encoding="utf-8")
    result = ask(run, stub)
    assert result.code == 1
    assert "row '1': in out.jsonl this id has another prompt; name another file with --out" in result.err
    assert "row '2': in out.jsonl this id has another prompt" in result.err


def test_what_fails_for_good_is_told_and_the_rest_is_written(run: Run, stub: Stub, tmp_path: Path) -> None:
    """Exit code 1; the same command asks for the missing row alone."""
    stub.answers = [(400, {}, "this prompt is too long")]
    result = ask(run, stub, "--parallel", "1")
    assert result.code == 1
    assert "row 'q1': 127.0.0.1" in result.err
    assert "answered 400 Bad Request: this prompt is too long" in result.err
    assert "1 row failed; the same command asks for them again" in result.out
    assert set(rows(tmp_path)) == {"q2", "q3", "q4"}
    stub.asked.clear()
    assert ask(run, stub).code == 0
    assert len(stub.asked) == 1


def test_a_server_that_is_gone_ends_the_run(run: Run, stub: Stub, tmp_path: Path) -> None:
    """After ten rows that failed one after the other, not after all of them."""
    (tmp_path / "samples.jsonl").write_text("".join(f'{{"prompt": "{number}"}}\n' for number in range(100)), encoding="utf-8")
    stub.answers = [(400, {}, "no")] * 100
    result = ask(run, stub, "--parallel", "2")
    assert result.code == 1
    assert "rows one after the other failed" in result.err
    assert len(stub.asked) < 20


def test_a_key_is_sent_and_never_shown(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not even where the server says it back; without --api-key-env none is sent."""
    monkeypatch.setenv("MY_KEY", KEY)
    stub.answers = [(401, {}, f"the key {KEY} is wrong")]
    result = ask(run, stub, "--api-key-env", "MY_KEY", "--parallel", "1")
    assert stub.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert KEY not in result.out + result.err + (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    assert "the key … is wrong" in result.err
    ask(run, stub)
    assert "Authorization" not in stub.headers[-1]


def test_a_redirect_is_not_followed(run: Run, stub: Stub) -> None:
    """A key would go with it."""
    stub.answers = [(307, {"Location": "http://127.0.0.1:1/v1/chat/completions"}, "")]
    result = ask(run, stub, "--parallel", "1")
    assert "answered 307" in result.err


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<html>", "the server's answer is no JSON: <html>"),
        ("[]", "the server's answer has no 'choices'"),
        ('{"choices": []}', "the server's answer holds no completion"),
        ('{"choices": [{"message": {"content": 7}}]}', "has no message with a text"),
    ],
)
def test_an_answer_that_is_none(stub: Stub, body: str, told: str) -> None:
    """It is told what is wrong with it."""
    stub.answers = [(200, {}, body)]
    with pytest.raises(ServerProblem, match=told.replace("(", r"\(")):
        Client(stub.url, None, 5, 1).complete([{"role": "user", "content": "x"}], 1, Settings("m", 1, None, 8, None))


def test_a_server_that_is_not_there() -> None:
    """Tried as often as asked, with pauses that grow."""
    pauses: list[float] = []
    client = Client("http://127.0.0.1:9/v1", None, 1, 3, pauses.append)
    with pytest.raises(ServerProblem, match=r"no answer from 127\.0\.0\.1:9: .*\(3 tries\)"):
        client.complete([{"role": "user", "content": "x"}], 1, Settings("m", 1, None, 8, None))
    assert len(pauses) == 2
    assert 0.5 <= pauses[0] <= 1.5 <= 2 * pauses[1]


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://a/v1", "http://user:secret@a/v1", "http://a:x/v1", "http://gpu.example/v1"])
def test_addresses_that_are_refused(url: str) -> None:
    """What is no address, holds a password, or would carry the key unencrypted to another machine; no message shows the key."""
    with pytest.raises(UsageError) as caught:
        Client(url, KEY, 1, 1)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--api-key-env", "NO_SUCH_KEY"), "the environment variable NO_SUCH_KEY of --api-key-env is not set"),
        (("--out", "out.csv"), "should end in .jsonl"),
        (("-n", "0"), "a whole number from 1 is wanted"),
    ],
)
def test_wrong_use(run: Run, stub: Stub, words: tuple[str, ...], told: str) -> None:
    """Told before anything is asked."""
    result = ask(run, stub, *words)
    assert result.code == 2
    assert told in result.err
    assert stub.asked == []


def test_rows_without_a_prompt_are_told(run: Run, stub: Stub, tmp_path: Path) -> None:
    """By line; the others are asked."""
    (tmp_path / "samples.jsonl").write_text('{"question": "x"}\n{"prompt": [{"role": "user", "content": "y"}]}\n', encoding="utf-8")
    result = ask(run, stub)
    assert result.code == 1
    assert "row '1' has no prompt" in result.err
    assert [asked["messages"] for asked in stub.asked] == [[{"role": "user", "content": "y"}]]
    assert rows(tmp_path)["2"]["prompt"] == [{"role": "user", "content": "y"}]
