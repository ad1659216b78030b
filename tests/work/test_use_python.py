"""`use python`: functions of the author, typed, in processes that can be killed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import rewardlang
from rewardlang.compiled import compile_text
from rewardlang.work import pool
from tests.engine.agreement import agree

MG = "quantity of mass in mg"
MODULE = """
import os, random, sys, time
from fractions import Fraction

def double(x): return 2 * x
def half(x): return x / 2
def upper(text): return text.upper()
def parts(text): return text.split()
def long(text): return len(text) > 5
def nothing(text): return None
def batch(texts): return [len(text) / 10 for text in texts]
def wrong_batch(texts): return [0.1, 0.2]
def noisy(text):
    print("noise" * 1000)
    os.write(1, b"more noise")
    sys.stdin.read()
    return 1.0
def slow(text):
    if "slow" in text: time.sleep(30)
    return 1.0
def crash(text):
    if "crash" in text: os._exit(3)
    return 1.0
def leave(text): sys.exit(0)
def hog(text): return float(len(bytearray(16 * 2**30)))
def raises(text): raise ValueError("no such thing")
def nan(text): return float("nan")
def seven(text): return 7.0
def chance(text): return random.random()
def stamp(text): return str(os.getpid())
def tenth(text): return 0.1
def same(x): return x
def length(x): return len(x)
def exact(x): return Fraction(1, 3)
"""


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    yield
    pool.close()


def file(use: str, rule: str) -> str:
    """A file with one function and one rule."""
    return f"rewardlang 1\nreward small\nuse python {use}\nrule r: {rule}\nscore between -9 and 9\n"


def load(folder: Path, use: str, rule: str) -> rewardlang.Reward:
    """The reward of such a file, with `MODULE` beside it."""
    (folder / "checks.py").write_text(MODULE, encoding="utf-8")
    return rewardlang.loads(file(use, rule), folder=folder)


def scaled(folder: Path, function: str, options: str = "") -> rewardlang.Reward:
    """A reward of up to 1 point, scaled by what a function of the completion returns."""
    use = f'"checks:{function}" as f(text: text) returns number between 0 and 1 {options}'
    return load(folder, use, "award up to 1 point scaled by f(completion)")


def reason(reward: rewardlang.Reward, completion: str) -> str:
    """Why the function broke on a completion, which then earns nothing."""
    scores = reward.score([completion])
    assert list(scores.values) == [0.0]
    (failure,) = scores.rows[0].failures
    assert failure.broke
    assert failure.verifier == "f"
    return failure.reason


@pytest.mark.parametrize(
    ("use", "rule", "completion", "points"),
    [
        ("double", "(x: number) returns number between 0 and 9", "award 1 point when f(only number in completion) = 7", "3.5"),
        ("half", "(x: number) returns number", "award 1 point when f(only number in completion) = 3.5", "7"),
        ("upper", "(t: text) returns text", 'award 1 point when f(completion) equals "ÄB"', "äb"),
        ("upper", '(t: text) returns one of ("AB", "CD")', 'award 1 point when f(completion) equals "AB"', "ab"),
        ("parts", "(t: text) returns list of text", 'award 1 point when "b" is in f(completion)', "a b c"),
        ("long", "(t: text) returns boolean", "award 1 point when f(completion)", "longer"),
        ("nothing", "(t: text) returns optional number", "award 1 point when f(completion) is missing", "x"),
        ("batch", "(t: text) returns number batched", "award 1 point when f(completion) = 0.3", "abc"),
        ("tenth", "(t: text) returns number", "award 1 point when f(completion) = 0.1", "x"),
        ("double", f"(d: {MG}) returns {MG}", "award 1 point when f(only quantity in completion) = 1 g", "500 mg"),
        ("half", f"(d: {MG}) returns number", "award 1 point when f(only quantity in completion) = 250", "0.5 g"),
        ("length", f"(d: list of {MG}) returns number", "award 1 point when f(every quantity in completion) = 2", "5 mg, 3 h, 2 g"),
        ("same", f"(d: list of {MG}) returns list of {MG}", "award 1 point when 2 g is in f(every quantity in completion)", "2 g 4 g"),
        ("same", "(a: math) returns math", "award 1 point when f(only <a> in completion as math) equals 0.5", r"<a>\frac{2}{4}</a>"),
        ("length", "(a: math) returns number", "award 1 point when f(only <a> in completion as math) = 11", r"<a>\frac{2}{4}</a>"),
        ("length", "(a: math) returns number", "award 1 point when f(only number in completion / 3) = 3", "1"),
        ("exact", "(t: text) returns math", "award 1 point when f(completion) equals 1 / 3", "x"),
        ("parts", "(t: text) returns list of math", "award 1 point when 0.5 is in f(completion)", "1/3 1/2"),
        ("same", "(x: list of math) returns list of math", "award 1 point when share of [1, 2] found in f([2, 4, 1]) = 1", "x"),
    ],
)
def test_values_cross_both_ways(tmp_path: Path, use: str, rule: str, completion: str, points: str) -> None:
    """Every type goes in and comes out as plain Python; floats are read by the digits that Python shows."""
    assert load(tmp_path, f'"checks:{use}" as f{rule}', completion).score_one(points) == 1.0


def test_a_missing_value_gives_a_missing_answer_without_a_call(tmp_path: Path) -> None:
    """The function would break; it is not called."""
    reward = load(tmp_path, '"checks:raises" as f(x: text) returns number', "award up to 1 point scaled by f(only <a> in completion)")
    scores = reward.score(["no tag"])
    assert scores.values[0] == 0.0
    assert scores.rows[0].failures == ()


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("raises", "f: ValueError: no such thing"),
        ("nan", "nan is no number"),
        ("seven", "f returned 7, and it must return a number between 0 and 1"),
        ("upper", "f returned 'X', and it must return a number between 0 and 1"),
        ("nothing", "f returned None"),
        ("hog", "MemoryError"),
        ("leave", "its process ended (exit status 0), twice"),
        ("chance", "f gave two answers for the same values"),
    ],
)
def test_what_breaks_is_told(tmp_path: Path, function: str, words: str) -> None:
    """An exception, a wrong type or range, too much memory, an early exit, chance: no points, and the reason names the function."""
    assert words in reason(scaled(tmp_path, function), "x")


def test_a_batched_function_returns_as_many_as_it_gets(tmp_path: Path) -> None:
    """Another length is a break."""
    assert "2 results returned where a list of 1 is wanted" in reason(scaled(tmp_path, "wrong_batch", "batched"), "x")


def test_a_slow_call_is_killed_and_the_next_one_answered(tmp_path: Path) -> None:
    """The worker is replaced; the slow row alone goes without."""
    scores = scaled(tmp_path, "slow", "timeout 0.3 s").score(["slow", "fast"])
    assert list(scores.values) == [0.0, 1.0]
    assert "it took longer than 0.3 s, twice" in scores.rows[0].failures[0].reason


def test_a_crash_ends_one_worker_only(tmp_path: Path) -> None:
    """The next row is marked by a fresh worker."""
    scores = scaled(tmp_path, "crash").score(["ok", "crash", "fine"])
    assert list(scores.values) == [1.0, 0.0, 1.0]
    assert "its process ended (exit status 3), twice" in scores.rows[1].failures[0].reason


def test_printing_and_reading_do_no_harm(tmp_path: Path) -> None:
    """Standard output goes to standard error, standard input is empty."""
    assert list(scaled(tmp_path, "noisy").score(["a", "b"]).values) == [1.0, 1.0]


def test_without_on_error_a_break_costs_the_row(tmp_path: Path) -> None:
    """An award is not paid and a deduction is made; `on error` gives its value instead, and the break is told all the same."""
    use = '"checks:raises" as f(text: text) returns number between 0 and 1'
    assert load(tmp_path, use, "deduct up to 1 point scaled by f(completion)").score_one("x") == -1.0
    given = load(tmp_path, f"{use} on error 1", "deduct 2 points when f(completion) is at least 0.5").score(["x"])
    assert given.values[0] == -2.0
    assert given.rows[0].failures[0].broke


@pytest.mark.parametrize(
    ("rule", "value", "pays"),
    [
        ("award up to 1 point scaled by f(completion)", "0", False),
        ("award up to 1 point scaled by f(completion)", "0.5", True),
        ("award up to 1 point scaled by 1 - f(completion)", "1", False),
        ("award up to 1 point scaled by 1 - f(completion)", "0", True),
        ("deduct up to 1 point scaled by f(completion)", "0", True),
        ("award 1 point when f(completion) is less than 0.5", "0", True),
        ("award 1 point when not f(completion) is less than 0.5", "0", False),
        ("award 1 point when f(completion) = 0.5", "0", True),
        ("award 1 point when f(completion) is at least 0.5 else 2 points", "0", True),
    ],
)
def test_on_error_never_pays(tmp_path: Path, rule: str, value: str, pays: bool) -> None:
    """What stands in for a break must be the worst that the function could say for the row."""
    (tmp_path / "checks.py").write_text(MODULE, encoding="utf-8")
    use = f'"checks:raises" as f(text: text) returns number between 0 and 1 on error {value}'
    found = [d.code for d in compile_text(file(use, rule), folder=str(tmp_path)).errors]
    assert found == (["RW318"] if pays else [])


@pytest.mark.parametrize(
    ("use", "code", "words"),
    [
        ('"chekcs:slow" as f(t: text) returns number', "RW317", "there is no module 'chekcs'"),
        ('"checks:slwo" as f(t: text) returns number', "RW317", "has no function 'slwo'"),
        ('"checks:slow" as f(t: text, u: text) returns number', "RW317", "'slow' takes 1 value, and 2 are declared here"),
        ('"checks" as f(t: text) returns number', "RW317", "module:function"),
        ('"broken:f" as f(t: text) returns number', "RW317", "is no Python"),
        ('"checks:slow" as f() returns number', "RW317", "takes no values"),
        ('"checks:slow" as f(t: text) returns number timeout 2 h', "RW317", "between 10 ms and 60 s"),
        ('"checks:slow" as f(t: text) returns number timeout 2 kg', "RW315", "is no time"),
        ('"checks:slow" as f(t: text) returns text on error 0', "RW301", "'on error' gives a number"),
        ('"checks:slow" as f(t: text) returns number between 0 and 1 on error 2', "RW301", "outside the range"),
        ('"checks:slow" as f(t: optional text) returns number', "RW204", "never given a missing value"),
        ('"checks:slow" as f(t: quantity of mass) returns number', "RW204", "its unit must be said"),
        ('"checks:slow" as f(t: text) returns list of quantity of mass per time', "RW204", "its unit must be said"),
    ],
)
def test_what_is_wrong_is_told_when_the_file_is_checked(tmp_path: Path, use: str, code: str, words: str) -> None:
    """Module, function, number of values, types and limits, without running the module."""
    (tmp_path / "checks.py").write_text("raise SystemExit\n" + MODULE, encoding="utf-8")
    (tmp_path / "broken.py").write_text("def f(:\n", encoding="utf-8")
    compiled = compile_text(file(use, "award 1 point when f(completion) = 1"), folder=str(tmp_path))
    assert [d.code for d in compiled.errors] == [code]
    assert words in compiled.errors[0].message


@pytest.mark.parametrize(
    ("function", "returns", "words"),
    [
        ("upper", "math", "f returned '', and it must return a text or number that can be read as mathematics (the answer is empty)"),
        ("upper", "quantity of mass in mg", "f returned '', and it must return a number, which counts as mg"),
        ("long", "math", "f returned False, and it must return a text or number"),
    ],
)
def test_an_answer_or_a_quantity_that_is_none_breaks(tmp_path: Path, function: str, returns: str, words: str) -> None:
    """A text is no quantity, though it has a unit, and what cannot be read is no answer."""
    use = f'"checks:{function}" as f(t: text) returns optional {returns}'
    (failure,) = load(tmp_path, use, "award 1 point when f(completion) is present").score([""]).rows[0].failures
    assert failure.broke
    assert words in failure.reason


def test_answers_of_mathematics_keep_their_notation(tmp_path: Path) -> None:
    """A function is given the text as it was written, and what it returns is read in the notation of the file."""
    use = '"checks:same" as f(a: math) returns math'
    (tmp_path / "checks.py").write_text(MODULE, encoding="utf-8")
    text = file(use, "award 1 point when f(only <a> in completion as math) = 2.5").replace("use", 'numbers written "1.234,5"\nuse', 1)
    reward = rewardlang.loads(text, folder=tmp_path)
    assert list(reward.score(["<a>2,50</a>", "<a>2.5</a>"]).values) == [1.0, 0.0]


def test_rows_with_equal_answers_are_marked_apart(tmp_path: Path) -> None:
    """A function sees how an answer was written, so 1/2 and 2/4 are two arguments; the batch and the single row agree."""
    use, rule = '"checks:length" as f(a: math) returns number', "award up to 1 point scaled by f(only <a> in completion as math) / 20"
    reward = load(tmp_path, use, rule)
    completions = ["<a>1/2</a>", r"<a>\frac{2}{4}</a>", "<a>1/2</a>", "none"]
    assert list(reward.score(completions).values) == [0.15, 0.55, 0.15, 0.0]
    agree(reward, completions)


def test_a_value_outside_the_range_of_a_parameter_is_not_passed_on(tmp_path: Path) -> None:
    """The verdict is open, and nothing broke: a model must not be able to stop a run by the numbers that it writes."""
    use = '"checks:half" as f(x: number between 0 and 1) returns number'
    reward = load(tmp_path, use, "award 1 point when f(only number in completion) = 0.25")
    scores = reward.score(["0.5", "7"])
    assert list(scores.values) == [1.0, 0.0]
    (failure,) = scores.rows[1].failures
    assert not failure.broke
    assert failure.reason == "f takes a number between 0 and 1 as its x, and was given 7"
    agree(reward, ["0.5", "7", "none"])
    compiled = compile_text(file(use, "award 1 point when f(7) = 1"), folder=str(tmp_path))
    assert [d.code for d in compiled.errors] == ["RW301"]


def test_an_unused_function_is_an_error(tmp_path: Path) -> None:
    """As for every other name."""
    (tmp_path / "checks.py").write_text(MODULE, encoding="utf-8")
    text = file('"checks:slow" as f(t: text) returns number', 'award 1 point when completion contains "x"')
    assert [d.code for d in compile_text(text, folder=str(tmp_path)).errors] == ["RW203"]


def test_a_changed_module_is_another_reward(tmp_path: Path) -> None:
    """Its hash is in the fingerprint, its new code is what runs, and a reward of the old code says that it cannot go on."""
    use, rule = '"checks:tenth" as f(t: text) returns number', "award up to 1 point scaled by f(completion)"
    before = load(tmp_path, use, rule)
    assert before.score_one("x") == 0.1
    (tmp_path / "checks.py").write_text("def tenth(text): return 0.25\n", encoding="utf-8")
    after = rewardlang.loads(file(use, rule), folder=tmp_path)
    assert after.score_one("x") == 0.25
    assert after.fingerprint != before.fingerprint
    pool.close()
    assert "has changed since the reward was loaded" in before.score(["x"]).rows[0].failures[0].reason


def test_threads_share_the_workers(tmp_path: Path) -> None:
    """Many threads at once get their own answers, and a worker outlives the thread that asked for it."""
    reward = load(tmp_path, '"checks:upper" as f(t: text) returns text', 'award 1 point when f(completion) contains "7"')
    found: dict[int, float] = {}

    def mark(number: int) -> None:
        found[number] = reward.score_one(f"x{number}")

    threads = [threading.Thread(target=mark, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: float(number == 7) for number in range(8)}
    count = pool.pool()._count
    reward.score_one("again")
    assert pool.pool()._count == count


_SCRIPT = """
import sys, rewardlang
reward = rewardlang.loads(sys.argv[1], folder=sys.argv[2])
print(reward.score_one("fast"), flush=True)
"""


def _text() -> str:
    use = '"checks:slow" as f(text: text) returns number between 0 and 1 timeout 20 s'
    return file(use, "award up to 1 point scaled by f(completion)")


def _script(folder: Path, more: str = "") -> subprocess.Popen[str]:
    (folder / "checks.py").write_text(MODULE, encoding="utf-8")
    path = folder / "script.py"
    path.write_text(_SCRIPT + more, encoding="utf-8")
    return subprocess.Popen([sys.executable, str(path), _text(), str(folder)], stdout=subprocess.PIPE, text=True)


def test_a_script_needs_no_guard(tmp_path: Path) -> None:
    """The script is not imported again by its workers: it prints once, and ends."""
    script = _script(tmp_path)
    shown, _ = script.communicate(timeout=20)
    assert (shown, script.returncode) == ("1.0\n", 0)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_forked_child_has_workers_of_its_own(tmp_path: Path) -> None:
    """The parent's workers are left alone, and go on answering it."""
    more = (
        "import os\nchild = os.fork()\nprint(reward.score_one('fast, too'), flush=True)\n"
        "if child:\n    os.waitpid(child, 0)\n    print(reward.score_one('fast, three'), flush=True)\n"
    )
    script = _script(tmp_path, more)
    shown, _ = script.communicate(timeout=20)
    assert (shown, script.returncode) == ("1.0\n" * 4, 0)


def _children(process: int) -> list[int]:
    """What `process` started. A thread that ends while they are read leaves its children to another, so they are read again."""
    while True:
        try:
            return [int(word) for task in Path(f"/proc/{process}/task").iterdir() for word in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue


def _running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    """Killed with signal 9 in the middle of a call, the parent leaves nothing running."""
    with _script(tmp_path, "reward.score_one('slow')\n") as script:
        assert script.stdout is not None
        assert script.stdout.readline() == "1.0\n"
        workers = _children(script.pid)
        script.kill()
    assert workers
    deadline = time.monotonic() + 10
    while any(map(_running, workers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(_running, workers))


def test_close_leaves_no_zombie(tmp_path: Path) -> None:
    """All workers are waited for: this process has no child left, dead or alive. A process of its own, for tests may have children."""
    script = _script(
        tmp_path, "import os\nfrom rewardlang.work import pool\npool.close()\ntry: os.wait()\nexcept ChildProcessError: print('no child')\n"
    )
    shown, _ = script.communicate(timeout=20)
    assert (shown, script.returncode) == ("1.0\nno child\n", 0)
