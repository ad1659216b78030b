"""Unsloth's GRPO on a checkpoint of random weights: completion tokens trained a second, and the card's peak.

`throughput.py --system unsloth --site FOLDER` starts it: Unsloth takes an older TRL, which lies in FOLDER with the other packages that it
needs and comes first on the path, and it must be imported before torch. A process of its own, therefore, in place of the one that drew
the weights. The tokenizer is of bytes and merged words; prompts have as many tokens as those of the other systems, to within two.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

STEPS = 6
LIBRARIES = ("unsloth", "unsloth_zoo", "trl", "torch", "vllm", "bitsandbytes", "peft", "transformers", "triton", "xformers")


def main() -> None:
    """One run; its figures on lines that begin with RESULT, and in the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    for name in ("completions", "micro-batch", "prompt", "completion", "group", "rank"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--unmap", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    os.environ.update(UNSLOTH_DISABLE_STATISTICS="1", DO_NOT_TRACK="1")
    if arguments.unmap:
        os.environ["UNSLOTH_VLLM_STANDBY"] = "1"
    import unsloth  # type: ignore[import-not-found, unused-ignore]  # noqa: I001  it changes what is imported after it

    import torch

    card = Peak()
    found = trained(unsloth.FastLanguageModel, with_tokenizer(arguments.folder), card, arguments)
    document = {
        "part": "throughput",
        "options": {key: str(value) for key, value in vars(arguments).items() if key != "out"} | {"system": "unsloth"},
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "gpu": torch.cuda.get_device_name(0),
        "versions": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "weights": "random, in the published shape",
    }
    arguments.out.write_text(json.dumps(document | found, indent=1) + "\n", encoding="utf-8")
    for name, value in found.items():
        print("RESULT", f"unsloth {arguments.completions} {name}", json.dumps(value), flush=True)
    os._exit(0)  # vLLM and torch tear down in an order that can abort; everything is written


class Peak:
    """The driver's count of the card's memory, read every 20 ms until the clock runs."""

    def __init__(self) -> None:
        import pynvml

        pynvml.nvmlInit()
        self._library, self._handle, self.bytes = pynvml, pynvml.nvmlDeviceGetHandleByIndex(0), 0
        self.reading = True
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while self.reading:
            self.bytes = max(self.bytes, int(self._library.nvmlDeviceGetMemoryInfo(self._handle).used))
            time.sleep(0.02)


def with_tokenizer(folder: Path) -> Path:
    """The checkpoint in a folder of its own, with special tokens in its configuration and a tokenizer like those of published models."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import AutoConfig, PreTrainedTokenizerFast

    own = folder.with_name(f"{folder.name}-unsloth")
    if (own / "tokenizer.json").is_file():
        return own
    own.mkdir(exist_ok=True)
    if not (own / "model.safetensors").exists():
        os.link(folder / "model.safetensors", own / "model.safetensors")
    read: Any = AutoConfig.from_pretrained
    config = read(folder)
    config.bos_token_id, config.eos_token_id, config.pad_token_id = None, 2, 0
    config.save_pretrained(own)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(vocab_size=1000, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(["what is 12 + 34? number 56 is it"] * 50, trainer)
    make: Any = PreTrainedTokenizerFast
    whole = make(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    whole.chat_template = (
        "{% for m in messages %}<|im_start|>{{m['role']}}\n{{m['content']}}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    whole.save_pretrained(own)
    return own


def prompt_of(tokenizer: Any, tokens: int, index: int) -> str:
    """A text of as many tokens, to within two; each index has another."""
    text = f"{index:04d}"
    while len(tokenizer(text)["input_ids"]) < tokens:
        text += " is"
    return text


def trained(loader: Any, folder: Path, card: Peak, arguments: argparse.Namespace) -> dict[str, float]:
    """Seconds of a step, tokens trained a second, and memory."""
    import torch
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    size, micro_batch = arguments.completions, min(arguments.completions, arguments.micro_batch)
    model, tokenizer = loader.from_pretrained(
        str(folder), max_seq_length=arguments.prompt + arguments.completion + 64, load_in_4bit=True, fast_inference=True,
        max_lora_rank=arguments.rank, gpu_memory_utilization=0.12,
    )  # fmt: skip
    model = loader.get_peft_model(
        model, r=arguments.rank, lora_alpha=arguments.rank, use_gradient_checkpointing="unsloth", random_state=3407,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    )  # fmt: skip
    data = Dataset.from_list([{"prompt": prompt_of(tokenizer, arguments.prompt, index)} for index in range(256)])
    config = GRPOConfig(
        output_dir=str(folder / "out"), per_device_train_batch_size=micro_batch, gradient_accumulation_steps=max(1, size // micro_batch),
        num_generations=arguments.group, max_completion_length=arguments.completion, max_steps=STEPS, logging_steps=1, learning_rate=1e-5,
        use_vllm=True, report_to=[], bf16=True, save_strategy="no", optim="paged_adamw_8bit", temperature=1.0, beta=0.0,
    )  # fmt: skip
    marks: list[float] = []

    class Clock(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            torch.cuda.synchronize()
            marks.append(time.perf_counter())
            card.reading = len(marks) < 2

    def reward(completions: list[str], **_: Any) -> list[float | None]:
        return [sum(text.encode()) % 97 / 97 for text in completions]

    trainer = GRPOTrainer(
        model=model, processing_class=tokenizer, reward_funcs=[reward], args=config, train_dataset=data, callbacks=[Clock()]
    )  # fmt: skip
    before = card.bytes
    trainer.train()
    step = (marks[-1] - marks[1]) / (STEPS - 2)
    lengths = [row["completions/mean_length"] for row in trainer.state.log_history if "completions/mean_length" in row]
    return {
        "step_s": round(step, 3),
        "trained_tokens_s": round(size * arguments.completion / step, 1),
        "peak_gib": round(card.bytes / 2**30, 2),
        "start_peak_gib": round(before / 2**30, 2),
        "mean_length": round(sum(lengths) / max(1, len(lengths)), 1),
        "prompt_tokens": len(tokenizer(data[0]["prompt"])["input_ids"]),
    }


if __name__ == "__main__":
    main()
