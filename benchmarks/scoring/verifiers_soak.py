"""Many mixed and hostile verdicts of all verifiers in one process: no row is lost, memory stays flat, no process is left behind.

    nice -n 19 python benchmarks/scoring/verifiers_soak.py --verdicts 200000

Most texts are ordinary ones, cut and joined at random; some are pieces of the
hostile texts, and some are whole ones. What runs programs has its share as
well, a small one. Prints counts by kind of result, the slowest verdicts, memory
at the beginning, the middle and the end, open files, and the children left.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

from hostile_texts import TEXTS
from math_soak import children, resident
from verifiers_hostile import verifiers

from rewardlang import types
from rewardlang.registry import default_registry
from rewardlang.verdict import Missing, Refused, Verdict
from rewardlang.verifier import Verifier
from rewardlang.work import pool

ORDINARY = (
    "The court held that the city is liable only for its own policy. Monell v. Department of Social Services, 436 U.S. 658, 690 (1978).",
    "Under 42 U.S.C. §§ 1983 and 1988, and the Fourteenth Amendment, the claim succeeds in part. Id. at 694.",
    "Give amoxicillin 500 mg every 8 hours (40 mg/kg/day), not more than 1.5 g a day; come back if there is a rash or a fever.",
    "<think>\nFirst 3 + 4 = 7, then 7 * 6 = 42.\n</think>\n<answer>\n42\n</answer>",
    "The final answer is \\boxed{\\frac{3}{4}}.",
    "x^2 + 2x + 1 = (x+1)^2",
    '{"name": "lookup", "arguments": {"city": "Paris", "days": [1, 2, 3]}}',
    '<tool_call>{"name": "lookup", "arguments": {"city": "Paris"}}</tool_call>',
    "SELECT a, count(*) FROM visits WHERE day > '2026-01-01' AND a IS NOT NULL GROUP BY a",
    "<recipe><step n='1'>Boil</step></recipe>",
    "name: test\nsteps:\n  - run: make\n  - run: make test\n",
    "a,b,c\n1,2,3\n4,5,6\n",
    "```python\ndef add(a, b):\n    return a + b\n```",
    "def add(a, b):\n    return a + b\n\nprint(add(1, 2))",
    r"^(\d{4})-(\d\d)-(\d\d)$",
    "It depends; arguably the witnes recieved the letter on 3 April 2026 at 14:30, or perhaps not.",
    "## Facts\n\nThe officer entered at noon. \"He said nothing,\" the report says.\n\n## Analysis\n\nNothing follows.",
    "Le tribunal a rejeté la demande. これは日本語の文です。 Это русский текст.",
    "See https://example.org/a(b)?c=1. The answer is (B).",
    "J45.901, J01CA04, 2345-7, 22298006; ICD-10 code E11.9.",
    "12", "3/4", "1,234.5", "45 degrees", "B", "",
)  # fmt: skip
PROGRAMS = ("print(1)", "x = 1\nprint(int(input()) + x)", "while True: pass", "import os\nos.fork()", "x = [0] * 10**9", "1 / 0", "", "\0")


class _Source:
    """Values of every type, drawn."""

    def __init__(self, seed: int, hostile: float, whole: float) -> None:
        self._random = random.Random(seed)
        self._hostile, self._whole = hostile, whole
        self._texts = list(TEXTS.values())
        read = default_registry().get("reader", "math")
        assert read is not None
        self._read = read
        self._answers = [
            answer for answer in read([*ORDINARY, "x+1", "\\sqrt{2}", "\\frac{\\sin x}{x}"]) if type(answer).__name__ == "Answer"
        ]

    def text(self) -> str:
        kind = self._random.random()
        if kind < self._whole:
            return self._random.choice(self._texts)
        if kind < self._hostile:
            text = self._random.choice(self._texts)
            start = self._random.randrange(max(1, len(text) - 500))
            return text[start : start + 500]
        return self._random.choice((" ", "\n", "\n\n")).join(self._random.choices(ORDINARY, k=self._random.randrange(1, 4)))

    def value(self, of: types.Type) -> Any:
        if isinstance(of, types.NumberType):
            return Fraction(self._random.randrange(-100, 1000), self._random.randrange(1, 9))
        if isinstance(of, types.ListType):
            return tuple(self.value(of.item) for _ in range(self._random.randrange(4)))
        if isinstance(of, types.MathType):
            return self._random.choice(self._answers)
        return self.text()

    def rows(self, verifier: Verifier, count: int) -> list[tuple[Any, ...]]:
        kinds = [of for _, of in verifier.parameters]
        return [tuple(self.value(of) for of in kinds) for _ in range(count)]

    def programs(self, verifier: Verifier) -> list[tuple[Any, ...]]:
        program = self._random.choice(PROGRAMS)
        lists = [(self._random.choice(("assert True", "1", "")),) for _ in verifier.parameters[1:]]
        return [(program, *lists)]


def _kind(result: Any) -> str:
    if isinstance(result, Verdict):
        return {True: "yes", False: "no", None: "cannot judge"}[result.holds]
    if isinstance(result, (Missing, Refused)):
        return type(result).__name__.lower()
    return ("found" if result else "nothing found") if isinstance(result, list) else "value"


def _figures(source: _Source, verdicts: int, batch: int, external: int) -> dict[str, Any]:
    chosen = verifiers()
    programs = [verifier for verifier in default_registry() if verifier.word in ("tests_passed", "outputs_passed")]
    counts: Counter[str] = Counter()
    by_word: Counter[str] = Counter()
    slowest: list[tuple[float, str]] = []
    memory, asked, given = [resident()], 0, random.Random(7)
    every = max(1, verdicts // max(1, external))
    next_program = every
    while asked < verdicts:
        verifier, rows = (choice := given.choice(chosen)), source.rows(choice, batch)
        if asked >= next_program and programs:
            verifier = given.choice(programs)
            rows, next_program = source.programs(verifier), next_program + every
        began = time.process_time()
        results = verifier(*zip(*rows, strict=True))
        slowest = sorted([*slowest, ((time.process_time() - began) / len(rows), verifier.word)], reverse=True)[:5]
        counts.update(map(_kind, results))
        by_word[verifier.word] += len(results)
        asked += len(rows)
        if len(memory) == 1 and asked > verdicts // 2:
            memory.append(resident())
    return {
        "asked": asked,
        "answered": sum(counts.values()),
        "verifiers": len(by_word),
        "least_asked": by_word.most_common()[-1],
        "counts": dict(counts),
        "slowest_milliseconds": [(round(seconds * 1000, 1), word) for seconds, word in slowest],
        "megabytes_begin_middle_end": [*memory, resident()],
    }


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verdicts", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hostile", type=float, default=0.15, help="share of pieces of hostile texts and whole ones together")
    parser.add_argument("--whole", type=float, default=0.02, help="share of whole hostile texts")
    parser.add_argument("--programs", type=int, default=100, help="how many programs are run")
    given = parser.parse_args()
    began, files = time.perf_counter(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not walked
    figures = _figures(_Source(given.seed, given.hostile, given.whole), given.verdicts, given.batch, given.programs)
    figures["seconds"] = round(time.perf_counter() - began, 1)
    figures["peak_megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    figures["workers_at_the_end"] = children()
    pool.close()
    figures["children_after_close"] = children()
    figures["open_files_begin_end"] = [files, len(list(Path("/proc/self/fd").iterdir()))]
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
