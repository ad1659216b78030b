"""A client of servers that speak OpenAI's protocol (`POST {base}/chat/completions`), over the standard library's HTTP.

Redirects are not followed, so that a key goes to no other host. What a server
says in an error is shown, cut short, never with the key in it.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from rewardlang.commands.shared import counted
from rewardlang.samples.problem import UsageError

_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT = 60.0
_LONGEST_ANSWER = 1 << 28
_LONGEST_MESSAGE = 300


class Settings(NamedTuple):
    """What is asked of the server beside the prompt; None leaves it to the server."""

    model: str
    temperature: float
    top_p: float | None
    max_tokens: int
    seed: int | None

    def to_json(self) -> dict[str, Any]:
        """As the request holds it."""
        return {name: value for name, value in self._asdict().items() if value is not None}


class Sampled(NamedTuple):
    """A completion. `truncated`: it ended because the tokens were used up. `tokens` is None where the server does not tell it."""

    text: str
    truncated: bool
    tokens: int | None


class ServerProblem(Exception):
    """The server refused, or could not be reached, for good."""


class _Unready(Exception):
    """A failure that may pass; `wait` is what the server asked for, in seconds."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class Client:
    """Safe for threads: each request has a connection of its own."""

    def __init__(self, base_url: str, key: str | None, timeout: float, tries: int, sleep: Callable[[float], None] = time.sleep) -> None:
        self._address = _address(base_url, key)
        self._key, self._timeout, self._tries, self._sleep = key, timeout, tries, sleep

    def complete(self, messages: list[dict[str, Any]], number: int, settings: Settings) -> list[Sampled]:
        """So many completions of one prompt; servers that give fewer at once are asked again. Raises `ServerProblem`."""
        found: list[Sampled] = []
        while len(found) < number:
            wanted = number - len(found)
            asked = {**settings.to_json(), "messages": messages, "n": wanted}
            if settings.seed is not None:  # another draw for each request, the same ones again in another run
                asked["seed"] = settings.seed + len(found)
            answer = self._with_patience(asked)
            got = _completions(answer)[:wanted]
            if not got:
                raise ServerProblem("the server's answer holds no completion")
            found += got
        return found

    def _with_patience(self, asked: dict[str, Any]) -> Any:
        for turn in range(self._tries):
            try:
                return self._once(asked)
            except _Unready as problem:
                if turn + 1 == self._tries:
                    raise ServerProblem(f"{problem} ({counted(self._tries, 'try', 'tries')})") from None
                wait = problem.wait if problem.wait is not None else 2.0**turn * (0.5 + random.random())
                self._sleep(min(wait, _LONGEST_WAIT))
        raise AssertionError("at least one try")

    def _once(self, asked: dict[str, Any]) -> Any:
        connection = self._connection()
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "rewardlang"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        try:
            connection.request("POST", self._address.path.rstrip("/") + "/chat/completions", json.dumps(asked).encode(), headers)
            response = connection.getresponse()
            body = response.read(_LONGEST_ANSWER + 1)
        except (OSError, HTTPException) as error:
            raise _Unready(f"no answer from {self._address.netloc}: {_reason(error)}") from None
        finally:
            connection.close()
        if response.status != 200:
            self._refused(response, body)
        if len(body) > _LONGEST_ANSWER:
            raise ServerProblem("the server's answer is over 256 MiB")
        try:
            return json.loads(body)
        except ValueError:
            # As a rule one that was cut off on its way.
            raise _Unready(f"the server's answer is no JSON: {self._shown(body)}") from None

    def _connection(self) -> HTTPConnection:
        host, port = self._address.hostname or "", self._address.port
        if self._address.scheme == "https":
            return HTTPSConnection(host, port, timeout=self._timeout)
        return HTTPConnection(host, port, timeout=self._timeout)

    def _refused(self, response: HTTPResponse, body: bytes) -> None:
        told = f"{self._address.netloc} answered {response.status} {response.reason}: {self._shown(body)}"
        if response.status in _AGAIN:
            after = response.getheader("Retry-After") or ""
            raise _Unready(told, float(after) if after.isascii() and after.isdigit() and len(after) < 6 else None)
        raise ServerProblem(told)

    def _shown(self, body: bytes) -> str:
        """The beginning of what the server said, on one line, without the key."""
        text = " ".join(body[: 10 * _LONGEST_MESSAGE].decode("utf-8", "replace").split())
        if self._key:
            text = text.replace(self._key, "…")
        return text[:_LONGEST_MESSAGE] or "(nothing)"


def _address(base_url: str, key: str | None) -> SplitResult:
    """Raises `UsageError` for what is no address, and for a key that would travel unencrypted to another machine."""
    try:
        address = urlsplit(base_url)
        _ = address.port
    except ValueError as error:
        raise UsageError(f"--base-url {base_url} is no address: {error}") from None
    if address.scheme not in ("http", "https") or not address.hostname:
        raise UsageError(f"--base-url wants an address such as http://localhost:8000/v1; found '{base_url}'")
    if address.username or address.password or address.query or address.fragment:
        raise UsageError("--base-url is the address alone; a key comes from an environment variable (--api-key-env)")
    if key and address.scheme == "http" and address.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise UsageError(f"the key would be sent unencrypted to {address.hostname}; use https, or leave --api-key-env out")
    return address


def _reason(error: Exception) -> str:
    return str(error.strerror or error) if isinstance(error, OSError) else f"{type(error).__name__} {error}".strip()


def _completions(answer: Any) -> list[Sampled]:
    """The choices of an answer; the tokens are told for all of them together, so they are known where there is one."""
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if not isinstance(choices, list):
        raise ServerProblem("the server's answer has no 'choices'")
    usage = answer.get("usage")
    tokens = usage.get("completion_tokens") if isinstance(usage, dict) and len(choices) == 1 else None
    found = []
    for choice in choices:
        message = choice.get("message") if isinstance(choice, dict) else None
        if not isinstance(message, dict) or not isinstance(message.get("content"), str | None):
            raise ServerProblem("a choice of the server's answer has no message with a text")
        known = tokens if isinstance(tokens, int) else None
        found.append(Sampled(message.get("content") or "", choice.get("finish_reason") == "length", known))
    return found
