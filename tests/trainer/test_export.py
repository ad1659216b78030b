"""`rewardlang runs export`: what is written loads, is the policy, and appears whole or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from rewardlang.cli import main
from rewardlang.trainer import merge_check
from rewardlang.trainer.checkpoints import mark_complete

CONVERTER = """import json, os, sys
from pathlib import Path
merged, out = Path(sys.argv[1]), Path(sys.argv[3])
assert (merged / "model.safetensors").is_file() and (merged / "tokenizer.json").is_file()
out.write_bytes(b"GGUF" + json.dumps([sys.argv[2:3], sys.argv[4:], os.environ["HF_HUB_OFFLINE"]]).encode())
"""


def export(run: Path, out: Path, *words: str) -> int:
    """The exit code of one call."""
    return main(["runs", "export", str(run), "--out", str(out), *words])


def logits(model: Any, tokenizer: Any) -> Any:
    """Of one prompt."""
    import torch

    with torch.no_grad():
        return model.eval()(**tokenizer("Which is larger, 9.9 or 9.11?", return_tensors="pt", return_token_type_ids=False)).logits


def trained(run: Path, step: int) -> tuple[Any, Any]:
    """Base and adapter of a checkpoint, as PEFT puts them together, and the tokenizer."""
    import peft
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base = json.loads((run / "run.json").read_text(encoding="utf-8"))["config"]["model"]["path"]
    folder = run / "checkpoints" / f"checkpoint-{step}"
    return peft.PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), folder), AutoTokenizer.from_pretrained(folder)


def test_the_adapter_loads_by_itself_from_anywhere(finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PEFT finds the base by the adapter's own configuration; tokenizer and chat template are those of the run."""
    import peft
    import torch
    from transformers import AutoTokenizer

    assert export(finished_run, tmp_path / "lora", "--to", "adapter") == 0
    monkeypatch.chdir("/")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "lora")
    model = peft.AutoPeftModelForCausalLM.from_pretrained(tmp_path / "lora")
    policy, known = trained(finished_run, 4)
    assert torch.equal(logits(model, tokenizer), logits(policy, known))
    assert tokenizer.chat_template == known.chat_template
    assert {path.name for path in (tmp_path / "lora").iterdir()} == {
        "README.md", "adapter_config.json", "adapter_model.safetensors", "chat_template.jinja", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip


def test_merged_weights_are_the_policy(finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of any checkpoint: the logits of base and adapter, without PEFT. The comparison that the export made says the same."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    assert export(finished_run, tmp_path / "m", "--to", "merged", "--checkpoint", "2", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "m")
    policy, known = trained(finished_run, 2)
    wanted = logits(policy, known)
    assert torch.allclose(logits(merged, AutoTokenizer.from_pretrained(tmp_path / "m")), wanted, atol=1e-4)
    with policy.disable_adapter():
        assert not torch.allclose(logits(policy, known), wanted, atol=1e-4)
    assert (told["policy"], told["dtype"]) == ("step 2", "float32")
    assert told["agreement"]["distance"] <= told["agreement"]["tolerance"] == 1e-4
    assert told["agreement"]["distance"] < told["agreement"]["effect"]


def test_weights_that_are_not_the_policy_are_not_handed_on(
    finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beyond the tolerance nothing stays on the disk; a folder that is there is never written into."""
    monkeypatch.setitem(merge_check.TOLERANCE, "float32", -1.0)
    assert export(finished_run, tmp_path / "m", "--to", "merged") == 2
    assert "the merged weights are not the policy" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").write_text("kept", encoding="utf-8")
    assert export(finished_run, tmp_path / "there", "--to", "adapter") == 2
    assert "nothing is overwritten" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["mine.txt"]


def test_gguf_comes_from_the_converter_that_is_installed(
    finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is given merged weights with their tokenizer, and no network. Without one, or where it fails, the error says what to do."""
    monkeypatch.setenv("PATH", "/nowhere")
    assert export(finished_run, tmp_path / "g", "--to", "gguf") == 2
    assert "git clone" in capsys.readouterr().err
    script = tmp_path / "convert_hf_to_gguf.py"
    script.write_text(CONVERTER, encoding="utf-8")
    assert export(finished_run, tmp_path / "g", "--to", "gguf", "--converter", str(script), "--gguf-type", "bf16", "--no-check") == 0
    written = (tmp_path / "g" / "g.gguf").read_bytes()
    assert json.loads(written[4:]) == [["--outfile"], ["--outtype", "bf16"], "1"]
    assert sorted(path.name for path in (tmp_path / "g").iterdir()) == ["README.md", "g.gguf"]
    script.write_text("raise SystemExit('unknown pre-tokenizer')", encoding="utf-8")
    capsys.readouterr()
    assert export(finished_run, tmp_path / "h", "--to", "gguf", "--converter", str(script), "--no-check") == 2
    assert "unknown pre-tokenizer" in capsys.readouterr().err
    assert not (tmp_path / "h").exists()


def test_a_run_that_trained_all_weights_has_no_adapter(
    finished_run: Path, raw_policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its weights are exported as they are."""
    from safetensors.torch import load_file

    run = tmp_path / "run"
    shutil.copytree(raw_policy, run / "policy")
    mark_complete(run / "policy")
    record = json.loads((finished_run / "run.json").read_text(encoding="utf-8"))
    record["config"]["lora"]["rank"] = 0
    (run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    assert export(run, tmp_path / "a", "--to", "adapter") == 2
    assert "export with --to merged" in capsys.readouterr().err
    assert export(run, tmp_path / "m", "--to", "merged") == 0
    one, other = (load_file(folder / "model.safetensors") for folder in (tmp_path / "m", raw_policy))
    assert one.keys() == other.keys()
    assert all(bool((one[name] == other[name]).all()) for name in one)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--to", "adapter", "--dtype", "float32"],
            "--dtype means nothing with --to adapter\n  remedy: leave it out, or export with --to merged",
        ),
        (["--to", "merged", "--gguf-type", "f16"], "--gguf-type means nothing with --to merged"),
        (["--to", "gguf", "--converter", "run.json"], "is no program: it is neither Python nor executable"),
        (["--to", "adaptor"], "invalid choice: 'adaptor'; did you mean 'adapter'?"),
    ],
)
def test_what_means_nothing_is_refused(
    finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """Before anything is read: somebody expects something of it."""
    words = [str(finished_run / word) if word == "run.json" else word for word in words]
    assert export(finished_run, tmp_path / "new", *words) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_the_base_is_nothing_to_export(finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It was there before."""
    assert export(finished_run, tmp_path / "b", "--to", "merged", "--checkpoint", "base") == 2
    assert "nothing of it to export" in capsys.readouterr().err
