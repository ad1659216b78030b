"""`rewardlang runs card`: the model card of a trained policy."""

from __future__ import annotations

import argparse
from pathlib import Path

from rewardlang.commands import shared
from rewardlang.samples.problem import UsageError

DESCRIPTION = """
Writes a model card from what the run left: base, reward file and data with fingerprints, algorithm, seeds, versions, what was
measured with intervals (by runs eval, else by the run), the alarms that rang, limits. What was not measured is not said. The metadata are
those of the Hugging Face Hub. Goes to README.md in the run's folder, or to --out; runs export writes one, too.
"""
EXAMPLE = """
rewardlang runs card runs/maths
rewardlang runs card runs/maths --checkpoint best --out card.md
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `runs card`."""
    parser.add_argument("run", metavar="RUN", type=Path, help="the 'output' folder of a run")
    parser.add_argument("--checkpoint", metavar="N", help="a step, 'best' or 'last' (default: the trained policy, else the last)")
    parser.add_argument("--out", metavar="FILE", type=Path, help="a new file (default: README.md in the run's folder, written anew)")


def run(arguments: argparse.Namespace) -> int:
    """Writes it and tells where it is."""
    from rewardlang.trainer.checkpoints import replace_text
    from rewardlang.trainer.extras import need
    from rewardlang.trainer.model_card import card_of_run

    need(("huggingface_hub",), "train", purpose="a model card")
    path = arguments.out or arguments.run / "README.md"
    if arguments.out is not None and path.exists():
        raise UsageError(f"{path} is there already; name another file")
    text = card_of_run(arguments.run, arguments.checkpoint)
    try:
        replace_text(path, text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}; name a file in a folder that is there") from None
    if arguments.json:
        shared.print_json({"card": str(path)})
    else:
        print(path)
    return 0
