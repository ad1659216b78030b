"""`rewardlang init`: a folder with a reward file that works."""

from __future__ import annotations

import argparse
from pathlib import Path

from rewardlang.commands import shared
from rewardlang.samples.problem import UsageError

DESCRIPTION = """
Writes a reward file that checks clean, ten samples, a README and a script that trains with TRL into a folder. Nothing
that is there is overwritten without --force.

  gsm8k      grade-school maths: one number in <answer> tags
  law        a short memo: one holding, statutes that exist, headings
  medicine   a child's dose: allergies, limits, advice to the parents
  blank      one exact answer, to start from
"""
EXAMPLE = """
rewardlang init gsm8k my-reward
rewardlang check my-reward/gsm8k.reward --samples my-reward/samples.jsonl
"""
TEMPLATES = ("gsm8k", "law", "medicine", "blank")
_FOLDER = Path(__file__).parent.parent / "templates"
_FIRST_ROWS = {"gsm8k": "tulips-1", "law": "permit-2", "medicine": "amox-4", "blank": "capital-4"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `init`."""
    parser.add_argument("template", nargs="?", default="gsm8k", metavar="TEMPLATE", help=f"{', '.join(TEMPLATES)} (default gsm8k)")
    parser.add_argument("folder", nargs="?", metavar="DIR", help="where to write (default: a folder called as the template)")
    parser.add_argument("--force", action="store_true", help="overwrite files that are there")
    parser.add_argument("--json", action="store_true", help="one JSON object: template, folder, files, next")


def run(arguments: argparse.Namespace) -> int:
    """Looks whether everything can be written, writes it, and says how to go on."""
    template = arguments.template
    if template not in TEMPLATES:
        from rewardlang.suggest import did_you_mean

        raise UsageError(f"unknown template: {template}; {did_you_mean(template, TEMPLATES) or 'there are ' + ', '.join(TEMPLATES)}")
    folder = Path(arguments.folder or template)
    sources = sorted(path for path in (_FOLDER / template).iterdir() if path.is_file())
    _refuse(folder, [path.name for path in sources], force=arguments.force)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source in sources:
            (folder / source.name).write_bytes(source.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot write into {folder}: {error.strerror}") from None
    _tell(template, folder, [path.name for path in sources], as_json=arguments.json)
    return 0


def _refuse(folder: Path, names: list[str], *, force: bool) -> None:
    """Raises `UsageError` before anything is written, so that a folder is never half filled."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder")
    there = [name for name in names if (folder / name).exists()]
    if there and not force:
        raise UsageError(f"{folder} already has {', '.join(there)}; name another folder, or overwrite with --force")


def _tell(template: str, folder: Path, names: list[str], *, as_json: bool) -> None:
    from shlex import quote

    reward, samples = quote(str(folder / f"{template}.reward")), quote(str(folder / "samples.jsonl"))
    steps = [
        f"rewardlang check {reward} --samples {samples}",
        f"rewardlang explain {reward} --samples {samples} --row {_FIRST_ROWS[template]}",
        f"rewardlang test {reward}",
    ]
    if as_json:
        shared.print_json({"template": template, "folder": str(folder), "files": names, "next": steps})
        return
    print(f"wrote {folder}: {', '.join(names)}\n\nnext:")
    print("\n".join(f"  {step}" for step in steps))
