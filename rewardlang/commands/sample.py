"""`rewardlang sample`: completions of your prompts from a server, as samples to mark."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from rewardlang.commands import shared
from rewardlang.samples.problem import Problem, UsageError
from rewardlang.terminal_text import safe, wants_color

if TYPE_CHECKING:
    from rewardlang.commands.sample_client import Client, Sampled, Settings
    from rewardlang.commands.sample_out import Growing
    from rewardlang.samples.read import Row

DESCRIPTION = """
Asks a server that speaks OpenAI's protocol (vLLM, SGLang, llama.cpp, Ollama and others) for N completions of each prompt
and writes samples: the columns of the row, 'completions', 'truncated', 'completion_tokens' where the server tells them,
and in 'sampled' how they were drawn. Each row is on the disk before it counts: the same command again goes on where a
run was stopped. Failures that may pass are tried again, with growing pauses; rows that fail for good are told, and the
exit code is 1.

Beside the name of a model on the Hub that you give to a training run, this is the only command that uses the network,
and it talks to --base-url alone. A key is read from the environment variable that --api-key-env names, and never shown.
"""
EXAMPLE = """
rewardlang sample --prompts prompts.jsonl --base-url http://localhost:8000/v1 --model my-model -n 8 --out samples.jsonl
rewardlang check math.reward --samples samples.jsonl --report math.html
"""
_PROGRESS_SECONDS = 0.2
_MOST_PROBLEMS = 20
_MOST_IN_A_ROW = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `sample`."""
    parser.add_argument("--prompts", required=True, metavar="P", help="rows with a 'prompt', in any form that samples may have")
    parser.add_argument("--base-url", required=True, metavar="URL", help="the server, such as http://localhost:8000/v1")
    parser.add_argument("--model", required=True, metavar="M", help="the model's name on the server")
    parser.add_argument("-n", dest="number", type=shared.count, default=8, metavar="N", help="completions a prompt (default 8)")
    parser.add_argument("--out", required=True, metavar="S", help="where the samples go, a .jsonl file; one that is there is gone on with")
    parser.add_argument("--system", metavar="TEXT", help="a system message before every prompt that has none")
    parser.add_argument("--temperature", type=float, default=1.0, metavar="T", help="default 1, as in training")
    parser.add_argument("--top-p", type=float, metavar="P", help="default: the server's")
    parser.add_argument("--max-tokens", type=shared.count, default=1024, metavar="N", help="a completion's most tokens (default 1024)")
    parser.add_argument("--seed", type=int, metavar="N", help="for servers that take one")
    parser.add_argument("--parallel", type=shared.count, default=8, metavar="N", help="prompts asked at once (default 8)")
    parser.add_argument("--timeout", type=shared.count, default=600, metavar="SECONDS", help="for one request (default 600)")
    parser.add_argument("--tries", type=shared.count, default=5, metavar="N", help="for one request (default 5)")
    parser.add_argument("--api-key-env", metavar="NAME", help="the environment variable that holds the key; none is sent without it")
    shared.add_map(parser)
    parser.add_argument("--json", action="store_true", help="a summary as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Asks, writes, tells."""
    from rewardlang.commands.sample_client import Client, Settings
    from rewardlang.commands.sample_out import Growing
    from rewardlang.samples.prompts import Prompts
    from rewardlang.samples.read import existing_file

    existing_file(arguments.prompts)
    client = Client(arguments.base_url, _key(arguments.api_key_env), arguments.timeout, arguments.tries)
    settings = Settings(arguments.model, arguments.temperature, arguments.top_p, arguments.max_tokens, arguments.seed)
    told = {**settings.to_json(), **({"system": arguments.system} if arguments.system else {})}
    out = Growing(arguments.out, arguments.number, told)
    prompts = Prompts(arguments.prompts, shared.renames_of(arguments.map))
    summary = _Summary(arguments.out, len(out.done))
    with out:
        _sample(_Work(client, settings, arguments.number, arguments.system), prompts, out, summary, arguments.parallel)
    summary.tell(arguments.max_tokens, as_json=arguments.json)
    return 1 if summary.failed else 0


def _key(name: str | None) -> str | None:
    """The key, or a complaint that names the variable and nothing else."""
    if name is None:
        return None
    key = os.environ.get(name, "").strip()
    if not key:
        raise UsageError(f"the environment variable {name} of --api-key-env is not set")
    if not key.isascii() or not key.isprintable():
        raise UsageError(f"the environment variable {name} holds what no key can be")
    return key


class _Work:
    """One prompt asked; called in threads."""

    def __init__(self, client: Client, settings: Settings, number: int, system: str | None) -> None:
        self._client, self._settings, self._number, self._system = client, settings, number, system

    def __call__(self, row: Row) -> list[Sampled]:
        prompt = row.values["prompt"]
        messages = list(prompt) if isinstance(prompt, list) else [{"role": "user", "content": prompt}]
        if self._system and not any(message.get("role") == "system" for message in messages):
            messages.insert(0, {"role": "system", "content": self._system})
        return self._client.complete(messages, self._number, self._settings)


def _sample(work: _Work, prompts: Any, out: Growing, summary: _Summary, parallel: int) -> None:
    """Keeps so many requests under way, reads prompts only as they are needed, and writes each row as its answers come."""
    with ThreadPoolExecutor(parallel) as threads:
        waiting: dict[Future[list[Sampled]], Row] = {}
        try:
            for row in _missing(prompts, out, summary):
                waiting[threads.submit(work, row)] = row
                while len(waiting) >= parallel:
                    _take(waiting, out, summary)
                if summary.failed_in_a_row >= _MOST_IN_A_ROW:
                    summary.gave_up()
                    break
            while waiting:
                _take(waiting, out, summary)
        finally:
            for future in waiting:
                future.cancel()


def _missing(prompts: Any, out: Growing, summary: _Summary) -> Iterator[Row]:
    """The rows that are not there yet. Told are those whose id says that they are, while their prompt is another."""
    from rewardlang.commands.sample_out import key_of

    asked: set[str] = set()
    for item in prompts:
        if isinstance(item, Problem):
            summary.problem(item.render(color=wants_color(sys.stderr)), error=item.severity == "error")
            continue
        for warning in item.warnings:
            summary.problem(warning.render(color=wants_color(sys.stderr)), error=False)
        if item.id in asked:
            summary.problem(f"row '{safe(item.id)}': another row has this id; it is not asked for", error=True)
        elif item.id not in out.done:
            yield item
        elif out.done[item.id] != key_of(item.values["prompt"]):
            summary.problem(f"row '{safe(item.id)}': in {summary.out} this id has another prompt; name another file with --out", error=True)
        asked.add(item.id)


def _take(waiting: dict[Future[list[Sampled]], Row], out: Growing, summary: _Summary) -> None:
    """Writes what has come back."""
    from rewardlang.commands.sample_client import ServerProblem

    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        row = waiting.pop(future)
        try:
            found = future.result()
        except ServerProblem as problem:
            summary.problem(f"row '{safe(row.id)}': {safe(str(problem))}", error=True)
            summary.failed_in_a_row += 1
            continue
        values = {name: value for name, value in row.values.items() if name not in ("completion", "completions")}
        tokens = [one.tokens for one in found]
        written = {**values, "id": row.id, "completions": [one.text for one in found], "truncated": [one.truncated for one in found]}
        if None not in tokens:
            written["completion_tokens"] = tokens
        out.write(written)
        summary.add(found)


class _Summary:
    """What was asked and what came; progress on a terminal."""

    def __init__(self, out: str, there: int) -> None:
        self.out, self._there = out, there
        self._rows = self._completions = self._truncated = self._problems = 0
        self.failed = self.failed_in_a_row = 0
        self._start = self._last = time.monotonic()
        self._terminal = sys.stderr.isatty()

    def add(self, found: list[Sampled]) -> None:
        """A row that was written."""
        self._rows += 1
        self.failed_in_a_row = 0
        self._completions += len(found)
        self._truncated += sum(one.truncated for one in found)
        now = time.monotonic()
        if self._terminal and now - self._last > _PROGRESS_SECONDS:
            self._last = now
            print(f"\r\x1b[K{self._rows:,} prompts, {self._completions:,} completions", end="", file=sys.stderr, flush=True)

    def problem(self, told: str, *, error: bool) -> None:
        """A row that cannot be asked, or whose answers did not come."""
        self.failed += error
        self._problems += 1
        if self._problems <= _MOST_PROBLEMS:
            print(("\r\x1b[K" if self._terminal else "") + told, file=sys.stderr)

    def gave_up(self) -> None:
        """So many rows one after the other failed that the server is the reason."""
        print(f"stopped: {self.failed_in_a_row} rows one after the other failed", file=sys.stderr)

    def tell(self, max_tokens: int, *, as_json: bool) -> None:
        """The last words."""
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr)
        seconds = time.monotonic() - self._start
        if self._problems > _MOST_PROBLEMS:
            print(f"and {self._problems - _MOST_PROBLEMS:,} more", file=sys.stderr)
        if as_json:
            counts = {"prompts": self._rows, "completions": self._completions, "truncated": self._truncated}
            shared.print_json({"out": self.out, **counts, "there_before": self._there, "failed": self.failed, "seconds": round(seconds, 1)})
            return
        before = f"; {shared.counted(self._there, 'prompt')} were there before" if self._there else ""
        told = f"{shared.counted(self._rows, 'prompt')}, {shared.counted(self._completions, 'completion')}"
        print(f"{self.out}: {told} in {seconds:.1f} s{before}")
        if self._truncated:
            part = f"{self._truncated / self._completions:.0%}".replace("%", " %")
            print(f"{part} of the completions were cut off at {max_tokens:,} tokens; --max-tokens allows more")
        if self.failed:
            print(f"{shared.counted(self.failed, 'row')} failed; the same command asks for them again")
