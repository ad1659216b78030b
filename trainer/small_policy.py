"""A policy small enough for two CPU cores, in the Hugging Face format: a Qwen2 of about 0.8 M parameters and its own tokenizer.

Nothing is downloaded: the configuration, the vocabulary and the first weights
are made here. Every printable ASCII character is a token, and so are the few
words that the recipe uses often, which keeps sequences short. A character
outside this alphabet becomes `<|unknown|>`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

PAD, END, UNKNOWN, USER, ASSISTANT = "<|pad|>", "<|end|>", "<|unknown|>", "<|user|>", "<|assistant|>"

# Whole-word tokens are ordinary text: they are decoded as they are written.
_WORDS = (
    "Which is larger, ",
    "What is ",
    " or ",
    " + ",
    " = ",
    " < ",
    " > ",
    ", ",
    ", so it is ",
    "<think>",
    "</think>",
    "<answer>",
    "</answer>",
)

_CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ '<|end|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def make_tokenizer() -> Any:
    """A `PreTrainedTokenizerFast` over characters and a few words, with a chat template."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    characters = [chr(code) for code in range(32, 127)] + ["\n"]
    special = [PAD, END, UNKNOWN, USER, ASSISTANT]
    # Characters are written in the byte alphabet of Qwen2's tokenizer: `AutoTokenizer` reads a Qwen2's vocabulary with that, whatever
    # the folder says, and would drop spaces otherwise.
    [(space, _)], [(newline, _)] = (pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(text) for text in " \n")
    written = [{" ": space, "\n": newline}.get(character, character) for character in characters]
    vocabulary = {token: number for number, token in enumerate([*special, *written])}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges=[], unk_token=UNKNOWN, fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"[\s\S]"), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(special)
    tokenizer.add_tokens([AddedToken(word, normalized=False, special=False) for word in _WORDS])
    make: Any = PreTrainedTokenizerFast
    return make(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        unk_token=UNKNOWN,
        additional_special_tokens=[USER, ASSISTANT],
        padding_side="left",
        chat_template=_CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def make_model(tokenizer: Any, *, seed: int, hidden: int = 128, layers: int = 4) -> Any:
    """A Qwen2 with fresh random weights from `seed`, in float32."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=3 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Qwen2ForCausalLM(config)


def save(model: Any, tokenizer: Any, folder: Path) -> None:
    """Writes both in the Hugging Face format, so that `from_pretrained(folder)` reads them."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
