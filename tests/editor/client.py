"""A small client of the language server: starts the process, speaks JSON-RPC on its pipes, keeps what it is told."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

WAIT = 60


class Refused(Exception):
    """The server answered with an error."""


class Client:
    """One session. `diagnostics` are the last that were published, by address."""

    def __init__(self, *, encodings: list[str] | None = None) -> None:
        command = [sys.executable, "-m", "rewardlang", "lsp", "--stdio"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._inbox: queue.Queue[dict[str, Any]] = queue.Queue()
        self._asked = 0
        self.messages: list[str] = []
        self.published: list[tuple[str, int | None, list[dict[str, Any]]]] = []
        threading.Thread(target=self._read, daemon=True).start()
        self.errors = b""
        threading.Thread(target=self._read_errors, daemon=True).start()
        general = {"positionEncodings": encodings} if encodings else {}
        refresh = {"refreshSupport": True}
        workspace = {"inlayHint": refresh, "codeLens": refresh}
        asked = {"processId": None, "rootUri": None, "capabilities": {"general": general, "workspace": workspace}}
        self.capabilities = self.ask("initialize", asked)["capabilities"]
        self.tell("initialized", {})

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.ask("shutdown", None)
            self.tell("exit", None)
            assert self._process.wait(timeout=WAIT) == 0
        else:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    # ------------------------------------------------------------ the protocol

    def ask(self, method: str, params: Any) -> Any:
        """The result of a request. Raises `Refused` with the message of an error."""
        self._asked += 1
        number = self._asked
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise Refused(message["error"]["message"])
                return message["result"]

    def tell(self, method: str, params: Any) -> None:
        """A notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def send_raw(self, body: bytes) -> None:
        """Bytes as they are, with the right length before them."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _send(self, message: dict[str, Any]) -> None:
        self.send_raw(json.dumps(message).encode())

    def _next(self) -> dict[str, Any]:
        message = self._inbox.get(timeout=WAIT)
        if message.get("method") == "textDocument/publishDiagnostics":
            params = message["params"]
            self.published.append((params["uri"], params.get("version"), params["diagnostics"]))
        elif message.get("method") == "window/showMessage":
            self.messages.append(message["params"]["message"])
        elif "method" in message and "id" in message:
            self._send({"jsonrpc": "2.0", "id": message["id"], "result": None})
        return message

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while header := stream.readline():
            length = int(header.split(b":")[1])
            while stream.readline().strip():
                pass
            self._inbox.put(json.loads(stream.read(length)))

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.errors += line

    # ------------------------------------------------------------ documents

    def open(self, path: Path, text: str | None = None) -> Page:
        """Opens a file, with another text than it has on the disk if given, and waits until it is checked."""
        text = path.read_text(encoding="utf-8") if text is None else text
        page = Page(self, path.resolve().as_uri(), text)
        self.tell("textDocument/didOpen", {"textDocument": {"uri": page.uri, "languageId": "reward", "version": 1, "text": text}})
        page.checked()
        return page

    def wait_for(self, uri: str, version: int, count: int) -> list[dict[str, Any]]:
        """The diagnostics of a version once they were published `count` times."""
        while sum((of, at) == (uri, version) for of, at, _ in self.published) < count:
            self._next()
        return [found for of, at, found in self.published if (of, at) == (uri, version)][count - 1]


class Page:
    """An open document. Places are given by words of its text: `after("rule ")`."""

    def __init__(self, client: Client, uri: str, text: str) -> None:
        self.client, self.uri, self.text, self.version = client, uri, text, 1

    def change(self, text: str, *, wait: bool = True) -> list[dict[str, Any]]:
        """Sends a new text; the diagnostics once it is checked."""
        self.text, self.version = text, self.version + 1
        params = {"textDocument": {"uri": self.uri, "version": self.version}, "contentChanges": [{"text": text}]}
        self.client.tell("textDocument/didChange", params)
        return self.checked() if wait else []

    def read(self) -> list[dict[str, Any]]:
        """The first diagnostics of this version: those of its syntax."""
        return self.client.wait_for(self.uri, self.version, 1)

    def checked(self) -> list[dict[str, Any]]:
        """The diagnostics of the whole check of this version."""
        return self.client.wait_for(self.uri, self.version, 2)

    def position(self, offset: int) -> dict[str, int]:
        """The position of an offset in UTF-16."""
        before = self.text[:offset]
        line = before.rpartition("\n")[2]
        return {"line": before.count("\n"), "character": len(line.encode("utf-16-le")) // 2}

    def after(self, words: str) -> dict[str, int]:
        """The position behind the first occurrence of some words."""
        return self.position(self.text.index(words) + len(words))

    def words(self, place: dict[str, Any]) -> str:
        """The words that a range covers."""
        return self.text[self.offset(place["start"]) : self.offset(place["end"])]

    def offset(self, position: dict[str, int]) -> int:
        """The offset of a position in UTF-16."""
        lines = self.text.split("\n")
        start = sum(len(line) + 1 for line in lines[: position["line"]])
        units = lines[position["line"]].encode("utf-16-le")[: 2 * position["character"]]
        return start + len(units.decode("utf-16-le"))

    def ask(self, method: str, position: dict[str, int] | None = None, **more: Any) -> Any:
        """A request about this document: `hover`, `completion`, …"""
        params: dict[str, Any] = {"textDocument": {"uri": self.uri}, **more}
        if position is not None:
            params["position"] = position
        return self.client.ask(f"textDocument/{method}", params)
