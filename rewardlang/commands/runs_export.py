"""`rewardlang runs export`: a trained policy as adapter, merged weights or GGUF."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rewardlang.commands import shared
from rewardlang.terminal_text import wrap

DESCRIPTION = """
Writes the trained policy into a new folder, with tokenizer, chat template and a model card. adapter: as PEFT loads it.
merged: the adapter summed into the base in float32 and rounded once, shard by shard, then compared with base and adapter on
prompts of the run. gguf: merged, then llama.cpp's convert_hf_to_gguf.py where it is installed. The folder appears whole or not
at all; nothing is overwritten.
"""
EXAMPLE = """
rewardlang runs export runs/maths --to adapter --out maths-lora
rewardlang runs export runs/maths --to merged --checkpoint best --out maths-1.5b
rewardlang runs export runs/maths --to gguf --converter llama.cpp/convert_hf_to_gguf.py --out maths-gguf
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `runs export`. The choices stand here once more, so that `--help` loads no trainer."""
    parser.add_argument("run", metavar="RUN", type=Path, help="the 'output' folder of a run")
    parser.add_argument("--to", required=True, choices=("adapter", "merged", "gguf"), help="what to write")
    parser.add_argument("--out", required=True, metavar="DIR", type=Path, help="the folder to make")
    parser.add_argument("--checkpoint", metavar="N", help="a step, 'best' or 'last' (default: the trained policy, else the last)")
    parser.add_argument(
        "--dtype",
        choices=("auto", "bfloat16", "float16", "float32"),
        default="auto",
        help="merged: how the weights are stored (default auto: as the base's)",
    )
    parser.add_argument("--no-check", action="store_true", help="merged: skip the comparison, which holds one model in float32 in memory")
    parser.add_argument("--converter", metavar="FILE", help="gguf: convert_hf_to_gguf.py of llama.cpp (default: the one on the PATH)")
    parser.add_argument("--gguf-type", choices=("auto", "f32", "f16", "bf16", "q8_0"), default="auto", help="gguf: its type of weights")


def run(arguments: argparse.Namespace) -> int:
    """Writes and tells."""
    from rewardlang.trainer.export import ExportWish, export_run
    from rewardlang.trainer.progress_display import progress_for

    wish = ExportWish(
        to=arguments.to,
        out=arguments.out,
        checkpoint=arguments.checkpoint,
        dtype=arguments.dtype,
        converter=arguments.converter,
        gguf_type=arguments.gguf_type,
        check=not arguments.no_check,
    )
    report = export_run(arguments.run, wish, progress_for())
    if arguments.json:
        shared.print_json(report)
    else:
        print("\n".join(_lines(report)))
    return 0


def _lines(report: dict[str, Any]) -> Iterator[str]:
    yield f"{report['policy']} of {report['run']}: {report['out']}"
    yield from (f"  {name}" for name in report["files"])
    if "about" in report:
        yield from wrap(report["about"], shared.width())
    agreement = report.get("agreement")
    if agreement:
        told = f"next-token probabilities differ from base and adapter by {agreement['distance']:.2g} (at most {agreement['tolerance']:g})"
        effect = f"the adapter changes them by {agreement['effect']:.2g}"
        yield from wrap(f"checked on {agreement['prompts']} prompts: {told}; {effect}", shared.width())
    if report.get("kept") is not None and report["kept"] < 0.95:
        told = f"{report['kept']:.0%} of the adapter's change is left: the rest was below half a step of {report['dtype']}"
        more = ", and float16 more than bfloat16" if report["dtype"] == "bfloat16" else ""
        yield from wrap(f"{told}. The adapter itself and --dtype float32 keep all of it{more}.", shared.width())
