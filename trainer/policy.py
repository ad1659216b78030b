"""The policy and its tokenizer, from a folder in the Hugging Face format or from the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rewardlang.suggest import did_you_mean
from rewardlang.trainer.config import LoraConfig, ModelConfig
from rewardlang.trainer.extras import need
from rewardlang.trainer.hub import check_hub
from rewardlang.trainer.problem import TrainingProblem


def load_tokenizer(config: ModelConfig) -> Any:
    """The tokenizer, padding on the left, as generation wants it."""
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    _check_folder(config)
    try:
        if not Path(config.path).is_dir():
            check_hub("the id of a model", config.path, model=True, revision=config.revision)
    except ValueError as error:  # a name that can be no id
        raise _unreadable("tokenizer", config, error) from None
    read: Any = AutoTokenizer
    if _declared_class(config) == "TokenizersBackend":
        # Transformers 5.23 reads a Qwen2's vocabulary with Qwen2's own class even where the folder names this one.
        read = PreTrainedTokenizerFast
    try:
        tokenizer = read.from_pretrained(config.path, revision=config.revision, padding_side="left")
    except (OSError, ValueError) as error:
        raise _unreadable("tokenizer", config, error) from None
    if not tokenizer("a b 1")["input_ids"]:  # what Transformers makes of a folder with no files for one
        raise TrainingProblem(
            f"the folder {config.path} holds no tokenizer that can read a text", "save one there with tokenizer.save_pretrained"
        )
    if config.chat_template is not None:
        try:
            tokenizer.chat_template = Path(config.chat_template).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
            raise TrainingProblem(
                f"the chat template {config.chat_template} cannot be read: {why}",
                "correct 'model.chat_template'; it is relative to the configuration",
            ) from None
        _check_template(config.chat_template, tokenizer)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(config: ModelConfig) -> Any:
    """The model, with its weights in 4 bits where `nf4` asks for it."""
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    _check_folder(config)
    options: dict[str, Any] = {"revision": config.revision, "dtype": config.dtype}
    if config.nf4:
        need(("bitsandbytes",), "gpu", purpose="a base in 4 bits (NF4)")
        compute = torch.float32 if config.dtype == "float32" or not torch.cuda.is_available() else torch.bfloat16
        make: Any = BitsAndBytesConfig
        options["quantization_config"] = make(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=compute)
    try:
        return AutoModelForCausalLM.from_pretrained(config.path, **options)
    except (OSError, ValueError, SafetensorError) as error:
        raise _unreadable("model", config, error) from None


def context_length(config: ModelConfig) -> int | None:
    """How many tokens the model can read, prompt and completion together; None if its configuration does not say."""
    from transformers import AutoConfig

    read: Any = AutoConfig.from_pretrained
    try:
        length = getattr(read(config.path, revision=config.revision).get_text_config(), "max_position_embeddings", None)
    except (OSError, ValueError) as error:
        raise _unreadable("configuration of the model", config, error) from None
    return length if isinstance(length, int) else None


def adapter(config: LoraConfig) -> Any:
    """PEFT's description of the adapter, or None when all weights are trained."""
    import peft

    if config.rank == 0:
        return None
    targets = config.targets[0] if config.targets == ("all-linear",) else list(config.targets)
    return peft.LoraConfig(
        r=config.rank, lora_alpha=config.alpha, lora_dropout=config.dropout, target_modules=targets, task_type="CAUSAL_LM"
    )


def _check_template(path: str, tokenizer: Any) -> None:
    """Raises `TrainingProblem` for a template that is no Jinja, or in which what a user says does not come."""
    from jinja2 import TemplateError

    said = "3 + 4 = ?"
    try:
        shown = tokenizer.apply_chat_template([{"role": "user", "content": said}], add_generation_prompt=True, tokenize=False)
    except TemplateError as error:
        raise TrainingProblem(f"the chat template {path} cannot be used: {error}", "correct it; it is written in Jinja") from None
    if said not in shown:
        remedy = "write {% for message in messages %}{{ message['content'] }}{% endfor %} where they belong"
        raise TrainingProblem(f"the chat template {path} leaves out what the messages say", remedy)


def _declared_class(config: ModelConfig) -> str | None:
    from transformers.models.auto.tokenization_auto import get_tokenizer_config

    try:
        declared = get_tokenizer_config(config.path, revision=config.revision).get("tokenizer_class")
    except (OSError, ValueError) as error:
        raise _unreadable("tokenizer", config, error) from None
    return declared if isinstance(declared, str) else None


def check_targets(config: LoraConfig, model: Any) -> None:
    """Raises `TrainingProblem` unless every layer that gets an adapter is there; peft passes over those that are not."""
    if config.rank == 0 or config.targets == ("all-linear",):
        return
    import torch

    if "all-linear" in config.targets:
        raise TrainingProblem(
            "'lora.targets': 'all-linear' stands for every layer, and others are named beside it", "leave one of the two out"
        )
    linear = dict.fromkeys(name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear))
    known = dict.fromkeys(name.rpartition(".")[2] for name in linear)
    for target in config.targets:
        if not any(name == target or name.endswith(f".{target}") for name in linear):
            guess = did_you_mean(target, known)
            raise TrainingProblem(f"'lora.targets': the model has no linear layer '{target}'", guess or f"it has {', '.join(known)}")


def _check_folder(config: ModelConfig) -> None:
    """A path that looks like one must be there: an id on the hub has at most one slash and starts with a letter or a digit."""
    path = config.path
    if path.startswith(("http://", "https://")):
        name = "/".join(path.split("/")[3:5])
        raise TrainingProblem(f"'model.path' is an address: {path}", f"name the model by its id, such as '{name or 'Qwen/Qwen2.5-0.5B'}'")
    if Path(path).is_file():
        raise TrainingProblem(f"'model.path' is a file: {path}", "name the folder that holds the model")
    looks_like_path = path.startswith((".", "/", "~")) or path.count("/") > 1
    if looks_like_path and not Path(path).is_dir():
        raise TrainingProblem(f"the model folder {path} is not there", "correct 'model.path'; it is relative to the configuration")
    if Path(path).is_dir() and not (Path(path) / "config.json").is_file():
        raise TrainingProblem(f"the folder {path} holds no model: it has no config.json", "name a folder written by save_pretrained")
    if Path(path).is_dir() and config.revision is not None:
        raise TrainingProblem(
            f"'model.revision' names a state on the hub, and {path} is a folder", "leave it out, or name an id on the hub"
        )


def _unreadable(what: str, config: ModelConfig, error: Exception) -> TrainingProblem:
    first = str(error).strip().split("\n")[0]
    if not Path(config.path).is_dir():
        first = f"there is no such folder, so it was taken for an id on the hub: {first}"
    return TrainingProblem(
        f"the {what} {config.path} cannot be loaded: {first}",
        "name a folder written by save_pretrained, or the id of a model that you can reach",
    )
