"""Points for nothing: built-in attacks, marked on the rows of a file's own examples.

Each attack is a completion that no expert would pay for: the prompt echoed, the
file's lists and texts pasted, a good example written twice. One that scores
above silence, the empty completion on the same row, is reported, unless
`success` says that it is right. Where the file does not define `success`, an
example written twice is reported only when it earns more than written once.
"""

from __future__ import annotations

from collections.abc import Iterator

from rewardlang import codes
from rewardlang.attack.texts import texts_of
from rewardlang.errors import Diagnostic
from rewardlang.marking.intake import example_row
from rewardlang.marking.scorer import Scorer
from rewardlang.marks import Mark, RowMarks
from rewardlang.program import Example, Program
from rewardlang.record import NamedTuple
from rewardlang.registry import Registry
from rewardlang.source import Span
from rewardlang.written import written

_MOST_VALUES = 300
_MOST_ALONE = 30
_MOST_CHARACTERS = 20_000
_MARGIN = 1e-9


class _Attack(NamedTuple):
    """What is tried, in words, and the completion; `least` is a score that it has to pass beside that of silence."""

    what: str
    completion: str
    least: float | None = None


class _Hit(NamedTuple):
    """An attack that was paid."""

    attack: _Attack
    example: Example
    row: RowMarks
    silence: RowMarks

    @property
    def gain(self) -> float:
        """How much more than silence it earned."""
        return (self.row.score or 0.0) - (self.silence.score or 0.0)

    @property
    def paid(self) -> list[Mark]:
        """The rules that gave more than under silence, the largest first."""
        before = {mark.rule: mark.points for mark in self.silence.marks}
        gains = {mark.rule: mark.points - before.get(mark.rule, 0) for mark in self.row.marks}
        return sorted((mark for mark in self.row.marks if gains[mark.rule] > 0), key=lambda mark: -gains[mark.rule])

    def place(self, program: Program) -> Span:
        """The rule that paid most, else the gate that stops silence and let the attack pass."""
        gate = self.silence.gate.span if self.silence.gate is not None else program.score.span
        return self.paid[0].span if self.paid else gate


def free_points(program: Program, registry: Registry) -> tuple[Diagnostic, ...]:
    """A warning for each rule (or gate) that pays most for an attack, with the attack and the row on which it earned most."""
    best: dict[Span, _Hit] = {}
    for example in program.examples:
        for hit in _hits(program, registry, example):
            place = hit.place(program)
            if place not in best or hit.gain > best[place].gain + _MARGIN:
                best[place] = hit
    return tuple(_told(program, hit) for _, hit in sorted(best.items(), key=lambda entry: entry[0].start))


def _hits(program: Program, registry: Registry, example: Example) -> Iterator[_Hit]:
    def mark(completion: str) -> RowMarks:
        (row,) = Scorer(program).mark([example_row(program, registry, completion, example.values)], example.step)
        return row

    silence = mark("")
    if silence.score is None:
        return
    for attack in [*_pasted(program, example), *_twice(program, example, mark(example.completion))]:
        row = mark(attack.completion)
        least = silence.score if attack.least is None else max(silence.score, attack.least)
        if row.score is not None and not row.success and row.score > least + _MARGIN:
            yield _Hit(attack, example, row, silence)


def _pasted(program: Program, example: Example) -> Iterator[_Attack]:
    """The prompt, each list, the other texts of the file at once and each alone, and all of these together."""
    prompt = example.values.get("prompt")
    if isinstance(prompt, str):
        yield _Attack("the prompt echoed", prompt)
    of_file = texts_of(program)
    lists, texts = of_file.lists, of_file.texts
    for name, values in lists.items():
        yield _Attack(f"the list {name} pasted" if name[:1] == "[" else f"the list '{name}' pasted", _joined(values))
    if texts:
        yield _Attack("the texts of the file pasted", _joined(texts))
    for text in texts[:_MOST_ALONE] if len(texts) > 1 else ():
        yield _Attack("a text of the file alone", text)
    if lists and texts:
        yield _Attack(
            "the lists and texts of the file pasted", _joined((*texts, *(value for values in lists.values() for value in values)))
        )


def _twice(program: Program, example: Example, once: RowMarks) -> Iterator[_Attack]:
    if example.kind != "example" or once.score is None or once.gate is not None:
        return
    if program.success is None:
        yield _Attack("a good example written twice", example.completion + "\n" + example.completion, least=once.score)
    elif once.success:
        yield _Attack("a good example written twice", example.completion + "\n" + example.completion)


def _joined(values: tuple[str, ...]) -> str:
    return "\n".join(values[:_MOST_VALUES])[:_MOST_CHARACTERS]


def _told(program: Program, hit: _Hit) -> Diagnostic:
    given = ", ".join(f"{mark.rule} {written(mark.points)}" for mark in hit.paid) or "the gate that stops an empty completion lets it pass"
    right = "" if program.success is None else " without success"
    scores = f"scores {_number(hit.row.score)}{right}, where an empty completion scores {_number(hit.silence.score)}"
    message = f'free points: {hit.attack.what} {scores} (row of "{hit.example.title}")'
    return codes.diagnostic(
        "RW710", message, program.source, hit.place(program), help=f"paid by: {given}; ask for something that only a good answer has"
    )


def _number(score: float | None) -> str:
    return f"{score or 0.0:.6g}"
