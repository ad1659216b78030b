"""The attacks that were found as `attack` blocks, for the file itself or to look at first.

A block expects what nobody should have to pay: at most what an honest wrong
answer (or silence) scores, where that is less than a right one; and that
`success` does not hold. A block of an attack that is paid today fails until
the file is mended, which is what it is for.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rewardlang.commands.shared import counted
from rewardlang.errors import RewardError
from rewardlang.samples.problem import UsageError

if TYPE_CHECKING:
    from rewardlang.attack.attack import Found, Result
    from rewardlang.attack.target import Target
    from rewardlang.compiled import Compiled
    from rewardlang.reward import Reward


def check_out(out: str, file: str) -> None:
    """Refuses, before anything is searched, what must not be written over."""
    path = Path(out)
    if path.exists() and path.resolve() != Path(file).resolve():
        raise UsageError(f"{out} exists; --write adds to {file} itself or makes a new file")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}")


def write_blocks(out: str, compiled: Compiled, reward: Reward, target: Target, result: Result) -> str:
    """Writes those blocks that read back as they are; returns what to tell."""
    titles = {example.title for example in reward.program.examples}
    blocks, left_out = [], 0
    for found in result.found:
        title = _title(found, titles)
        block = _block(compiled, reward, target, result, found, title)
        if block is None:
            left_out += 1
        else:
            titles.add(title)
            blocks.append(block)
    if not blocks:
        return f"nothing was written to {out}: no attack can be written as a text of the language"
    path = Path(out)
    old = path.read_bytes().decode("utf-8") if path.exists() else ""
    ends = "\r\n" if "\r\n" in old else "\n"
    gap = "" if not old else ends if old.endswith("\n") else ends * 2
    from rewardlang.whole_file import whole

    try:
        with whole(path.resolve()) as temporary:
            temporary.write_bytes((old + gap + "\n".join(blocks).replace("\n", ends)).encode("utf-8"))
            if path.exists():
                temporary.chmod(path.stat().st_mode)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from None
    rest = f"; {counted(left_out, 'attack')} cannot be written as a text of the language" if left_out else ""
    return f"wrote {counted(len(blocks), 'attack')} to {out}{rest}"


def _title(found: Found, taken: set[str]) -> str:
    """`two answers, padding (row q7)`, with a number where that is taken."""
    chain = ", ".join(dict.fromkeys(found.candidate.chain)) or "as it was written"
    row = found.row.replace('"', "'")
    title = f"{chain} (row {row})" if not row.startswith("example ") else f"{chain} ({row})"
    number, told = 2, title
    while told in taken:
        told, number = f"{title} {number}", number + 1
    return told


def _block(compiled: Compiled, reward: Reward, target: Target, result: Result, found: Found, title: str) -> str | None:
    """The text of a block, or None where the language cannot hold it."""
    from rewardlang.commands.example_text import example_text
    from rewardlang.compiled import compile_text
    from rewardlang.report.as_example import score_literal
    from rewardlang.samples.read import Row

    candidate = found.candidate
    task = target.tasks[candidate.task]
    values = {**task.columns, "prompt": task.raw_prompt}
    row = Row(id=task.name, line=1, record=values, values=values, completions=(candidate.text,), several=False)
    columns = {name: [task.columns.get(name)] for name in dict.fromkeys([*reward.columns, *task.columns])}
    (marks,) = reward.score([candidate.text], prompts=[task.raw_prompt], columns=columns).rows
    usual = result.baseline.usual
    bound = candidate.score if usual is None else min(usual, candidate.score)
    expects = [f"expect score at most {score_literal(bound)}"]
    expects += ["expect no success"] if marks.success is not None else []
    try:
        text = example_text(reward, row, marks, kind="attack", title=title, step=0, expects=expects)
    except RewardError:  # such as a null character, which no file can hold
        return None
    again = compile_text(f"{compiled.source.text}\n{text}", name=compiled.source.name, folder=compiled.folder, registry=compiled.registry)
    if again.program is None:
        return None
    from rewardlang.examples import run_program_examples

    told = run_program_examples(again.program, again.registry)[-1]
    return text if told.row.completion == marks.completion and told.row.score == marks.score else None
