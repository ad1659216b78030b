"""The configuration of a run: read strictly, every mistake told at once, every key documented."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest

from rewardlang.cli import main
from rewardlang.trainer.config import DataConfig, RunConfig
from rewardlang.trainer.config_from_toml import read_config
from rewardlang.trainer.config_guesses import NAMED_ELSEWHERE
from rewardlang.trainer.config_mistakes import mistakes_of
from rewardlang.trainer.config_text import all_keys, explained, toml_value
from rewardlang.trainer.presets import PRESETS
from rewardlang.trainer.problem import TrainingProblem

GOOD = """
reward = "maths.reward"
output = "runs/maths"
[model]
path = "./policy"
[data]
file = "train.jsonl"
"""


def written(folder: Path, text: str) -> Path:
    """The text as a file."""
    path = folder / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(folder: Path, text: str) -> str:
    """What reading the text complains about."""
    with pytest.raises(TrainingProblem) as caught:
        read_config(written(folder, text))
    return str(caught.value)


def test_paths_are_relative_to_the_configuration(tmp_path: Path) -> None:
    """Wherever the command is run, the same files are meant."""
    config = read_config(written(tmp_path, GOOD))
    assert config.reward == str(tmp_path / "maths.reward")
    assert config.output == str(tmp_path / "runs/maths")
    assert config.model.path == str(tmp_path / "policy")
    assert config.data.file == str(tmp_path / "train.jsonl")


def test_a_hub_id_is_left_alone(tmp_path: Path) -> None:
    """A model path is a folder when it looks like one or is one; else it is an id."""
    config = read_config(written(tmp_path, GOOD.replace("./policy", "Qwen/Qwen2.5-0.5B-Instruct")))
    assert config.model.path == "Qwen/Qwen2.5-0.5B-Instruct"


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    """As some editors put one before every file."""
    assert read_config(written(tmp_path, "\ufeff" + GOOD)).output == str(tmp_path / "runs/maths")


def test_names_of_other_libraries_lead_to_keys_that_are_there() -> None:
    """Each of those that are known, tables among them."""
    known = {line.split(":")[0] for line in explained().splitlines() if not line.startswith(" ")}
    assert set(NAMED_ELSEWHERE.values()) <= known | {name.partition(".")[0] for name in known}


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Unknown keys with what may be meant, and wrong types with what was found."""
    text = GOOD + "rnk = 3\n[lora]\nrank = 'big'\ntarget = ['q_proj']\n[trainig]\nsteps = 3\n[training]\nlearning_rate = true\n"
    told = mistakes(tmp_path, text)
    assert "has 5 mistakes" in told
    assert "[data] has no key 'rnk'" in told
    assert "'lora.rank' must be a whole number, found 'big'" in told
    assert "[lora] has no key 'target'; did you mean 'targets'?" in told
    assert "there is no key 'trainig'; did you mean 'training'?" in told
    assert "'training.learning_rate' must be a number, found true" in told


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ("[training]\ncompletions = 10\ngroup = 4", "'training.completions' (10) must be a multiple of 'training.group' (4)"),
        ("[training]\ngroup = 1", "must be at least 2"),
        ("[training]\nsteps = 0", "'training.steps' must be from 1 to 10,000,000, found 0"),
        ("[training]\ntemperature = 0", "without chance all completions of a group are the same"),
        ("[training]\nmicro_batch = 7", "must divide 'training.completions'"),
        ("[training]\nalgorithm = 'dap'", "did you mean 'dapo'?"),
        ("[training]\ngae_lambda = 1.5", "'training.gae_lambda' must be from 0 to 1"),
        ("[training]\nalgorithm = 'online_dpo'\nclip = 0.1", "'training.clip' means nothing under 'online_dpo'; leave it out"),
        ("[training]\nalgorithm = 'online_dpo'\nmicro_batch = 4", "'training.micro_batch' (4) must be a multiple of 'training.group' (8)"),
        ("[training]\nalgorithm = 'ppo'\nrefill = 2", "'training.refill' means nothing under 'ppo'; leave it out"),
        ("[training]\nscale_rewards = 'all'", "'training.scale_rewards' must be one of 'group', 'batch', 'none', found 'all'"),
        ("[training]\nclip = -0.1", "'training.clip' must be from 0 to 1, found -0.1"),
        ("[evaluation]\nevery = 10", "there is neither a table [held_out] nor 'data.held_out_share'"),
        ("held_out_share = 1.5", "'data.held_out_share' must be between 0 and 1"),
        ("held_out_share = 0.5\n[held_out]\nfile = 'rows.jsonl'", "in place of the table [held_out]"),
        ("unusable = 'drop'", "'data.unusable' must be one of 'refuse', 'leave_out'"),
        ("max_prompt_tokens = 0", "must be at least 1"),
        ("hub = 'openai/gsm8k'", "must name exactly one of file, hub, reasoning_gym, recipe; found file and hub"),
        ("[held_out]\nrecipe = 'decimals'", "'held_out.size' is missing"),
        ("[held_out]\nfile = 'rows.csv'", "must end in .jsonl or .parquet"),
        ("rename = { prompt = 3 }", "'data.rename' must be a table"),
        ("subset = 'main'", "'data.subset' belongs to a data set of the hub; leave it out"),
        ("weight = 2", "'data.weight' stands in a [[data.mix]], where there are several sources"),
        ("mix = ['rows.jsonl']", "'data.mix' must be a list of tables, each as [[data.mix]], found ['rows.jsonl']"),
        ("[training]\nlearning_rate = nan", "'training.learning_rate' must be a number, found nan"),
        ("[training]\nlearning_rate = -1e-4", "'training.learning_rate' must be more than 0 and at most 1, found -0.0001"),
        ("[training]\nlearning_rate = 1e5", "'training.learning_rate' must be more than 0 and at most 1, found 100000.0"),
        ("[training]\nwarmup_steps = -1", "'training.warmup_steps' must be 0 or more, found -1"),
        ("[training]\nmask_cut_off = 1", "'training.mask_cut_off' must be true or false, found 1"),
        ("[training]\ndpo_beta = 0", "'training.dpo_beta' must be more than 0, found 0.0"),
        ("[lora]\nrank = -1", "'lora.rank' must be from 0 to 4,096, found -1"),
        ("[lora]\nrank = 100000", "'lora.rank' must be from 0 to 4,096, found 100000"),
        ("[training]\nclip = 20", "'training.clip' must be"),
        ("[lora]\ndropout = 1.0", "'lora.dropout' must be 0 or more and less than 1, found 1.0"),
        ("[lora]\ntargets = []", "'lora.targets' must be a list of texts, found []"),
        ("[evaluation]\nbatch = 0", "'evaluation.batch' must be more than 0, found 0"),
        ("[evaluation]\npatience = 2", "'evaluation.patience' counts measurements on the way; set 'evaluation.every'"),
        ("[curriculum]\nprompts = 'hard'", "'curriculum.prompts' must be one of 'shuffled', 'difficulty', found 'hard'"),
        ("[curriculum]\nfloor = 0", "'curriculum.floor' must be more than 0 and at most 1, found 0.0"),
        ("[engine]\nbackend = 'vllm'", "'engine.backend' must be one of 'transformers', 'memory', 'speed', found 'vllm'"),
        ("[training]\nsteps = '20'", "'training.steps' must be a whole number, found '20'; leave out the quotation marks"),
        ("[evaluation]\nevery = 'true'", "'evaluation.every' must be a whole number, found 'true'"),
        ("chat = 'true'", "'data.chat' must be true or false, found 'true'; leave out the quotation marks"),
        ("[training]\nnum_generations = 8", "[training] has no key 'num_generations'; here that is 'training.group'"),
        ("rank = 8", "[data] has no key 'rank'; it stands in [lora]"),
        ("[lora]\nfile = 'a.jsonl'", "[lora] has no key 'file'; it stands in [data] and [held_out]"),
        ("[optimizer]\nsteps = 3", "there is no key 'optimizer'; there are reward, output, seed, preset"),
        ("[train]\nsteps = 3", "there is no key 'train'; here that is [training]"),
        ("[model.lora]\nrank = 3", "[model] has no key 'lora'; it is a table of its own: [lora]"),
        ("output = 'x'", "[data] has no key 'output'; it stands above the first [table]"),
        ("[training]\nsteps = 1e3", "'training.steps' must be a whole number, found 1000.0; write 1000"),
        ("[training]\nsteps = 10_000_000_000", "'training.steps' must be from 1 to 10,000,000, found 10000000000"),
        ("[training]\nsteps = 2024-01-01", "'training.steps' must be a whole number, found 2024-01-01"),
        ("[lora]\ndropout = '10%'", "'lora.dropout' must be a number, found '10%'; write 0.1"),
        ("chat = 'yes'", "'data.chat' must be true or false, found 'yes'; write true"),
        ("[evaluation]\nmin_rise = 5", "'evaluation.min_rise' must be 0 or more and less than 1, found 5.0"),
        ("split = 'test'", "'data.split' belongs to a data set of the hub; leave it out"),
        ("[training]\ndpo_beta = 0.3", "'training.dpo_beta' is read with training.algorithm = 'online_dpo' only, and that is 'grpo_token'"),
        ("[training]\ngae_lambda = 0.3", "'training.gae_lambda' is read with training.algorithm = 'ppo' only"),
        ("[curriculum]\nfloor = 0.5", "'curriculum.floor' is read with curriculum.prompts = 'difficulty' only, and that is 'shuffled'"),
        ("[[held_out]]\nfile = 'a.jsonl'", "write [held_out] on a line, and its keys below it; several sources are [[held_out.mix]]"),
    ],
)
def test_values_that_cannot_be_meant_are_refused(tmp_path: Path, added: str, told: str) -> None:
    """What the types allow but a run cannot do."""
    assert told in mistakes(tmp_path, GOOD + added + "\n")


def test_an_empty_file_says_what_a_run_needs(tmp_path: Path) -> None:
    """The four things without which nothing can start."""
    told = mistakes(tmp_path, "")
    for missing in ("'reward' is missing", "'output' is missing", "'model.path' is missing", "[data] must name exactly one"):
        assert missing in told


def test_a_file_that_is_no_toml_or_no_utf8_or_not_there(tmp_path: Path) -> None:
    """Each is told in a sentence, with what to do."""
    assert "is not TOML" in mistakes(tmp_path, "reward = = 3")
    assert "stands there for a second time" in mistakes(tmp_path, "seed = 1\nseed = 2")
    (tmp_path / "latin.toml").write_bytes("reward = 'é'".encode("latin-1"))
    for name, told in (("latin.toml", "is not UTF-8"), ("none.toml", "cannot be read: No such file")):
        with pytest.raises(TrainingProblem, match=told):
            read_config(tmp_path / name)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("reward = r.reward", "a text stands in quotation marks"),
        ("reward = “r.reward”", "quotation marks are straight ones"),
        ("reward = 'r.reward\npreset = 'try'", "a quotation mark is missing"),
        ("reward: 'r.reward'", "joined by =, not by :"),
        ("model.nf4 = True", "true and false are written small"),
        ("preset = None  # none", "a key without a value is left out"),
        ("training.kl = .5", "a number begins with a digit, such as 0.5"),
        ("training.kl = 0,5", "the decimal point is a point"),
        ("training.steps = 3;", "a line ends without a semicolon"),
        ("// steps", "a comment begins with #"),
        ('{"reward": "r.reward"}', "this looks like JSON"),
        ("lora.targets = ['q_proj'", "a bracket or a quotation mark is not closed"),
        ("params.x = " + "[" * 5000, "is nested too deeply"),
    ],
)
def test_a_line_that_is_no_toml_is_shown_with_what_may_be_meant(tmp_path: Path, line: str, told: str) -> None:
    """With the line itself, as the parser's own words seldom lead to it."""
    found = mistakes(tmp_path, f"seed = 1\n{line}")
    assert told in found
    assert line.split("\n", maxsplit=1)[0] in found or "not closed" in told or "deeply" in told


def test_the_printed_keys_are_a_configuration_that_can_be_read(tmp_path: Path) -> None:
    """`rewardlang train --keys > run.toml` gives a file to begin with, with every key in it."""
    text = all_keys()
    config = read_config(written(tmp_path, text))
    assert config.training == RunConfig().training
    for kind in (RunConfig, *(type(getattr(config, field.name)) for field in dataclasses.fields(config))):
        if dataclasses.is_dataclass(kind):
            assert all(field.metadata["text"] and f"{field.name}" in text for field in dataclasses.fields(kind))


def test_a_file_of_keys_leaves_a_preset_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--keys --preset NAME` names it; what it sets is shown and not overridden. A preset that is none is told."""
    assert main(["train", "--keys", "--preset", "qwen2.5-1.5b-8gb"]) == 0
    text = capsys.readouterr().out
    assert '# path = "Qwen/Qwen2.5-1.5B-Instruct"' in text
    said: list[str] = []
    config = read_config(written(tmp_path, text), say=said.append)
    assert (config.model.path, config.engine.backend, config.training.steps) == ("Qwen/Qwen2.5-1.5B-Instruct", "memory", 300)
    bare = read_config(written(tmp_path, all_keys().replace("# preset =", "preset = 'qwen2.5-1.5b-8gb' #")), say=said.append)
    assert (bare.engine.backend, bare.training.steps) == ("memory", 300)
    assert said == [f"{tmp_path / 'run.toml'} has other values than its preset 'qwen2.5-1.5b-8gb' for model.path"]
    assert main(["train", "--keys", "--preset", "8gbb"]) == 2
    assert "there is no preset '8gbb'" in capsys.readouterr().err


def test_a_preset_lies_under_the_file_and_changes_lie_over_it(tmp_path: Path) -> None:
    """What the command line says wins over the file, the file over its preset, the preset over the defaults."""
    path = written(tmp_path, "preset = 'try'\n" + GOOD + "[training]\nsteps = 8\n")
    config = read_config(path, ["training.group=2", "training.algorithm=dr_grpo", "training.kl = 0.1", "lora.targets=['q_proj']"])
    training = config.training
    assert (training.steps, training.completions, training.group, training.iterations) == (8, 16, 2, 1)
    assert (training.algorithm, training.kl, config.lora.targets, config.preset) == ("dr_grpo", 0.1, ("q_proj",), "try")


def test_a_preset_in_a_call_lies_over_the_file(tmp_path: Path) -> None:
    """`--preset try` makes four steps, also of a file with every key and of one with a preset of its own; other changes win over it."""
    path = written(tmp_path, "preset = 'qwen2.5-1.5b-8gb'\n" + GOOD + "[training]\nsteps = 200\n")
    config = read_config(path, ["training.group=2", "preset=try"])
    assert (config.preset, config.training.steps, config.training.group) == ("try", 4, 2)
    assert config.engine.backend == "memory"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("training.step=3", "[training] has no key 'step'; did you mean 'steps'?"),
        ("training.steps=many", "'training.steps' must be a whole number, found 'many'"),
        ("training.steps", "--set 'training.steps' is not KEY=VALUE"),
        ("preset=tryy", "there is no preset 'tryy'; did you mean 'try'?"),
        ("preset=12gb", "there is no preset '12gb'; there are qwen2.5-3b-12gb, qwen3-1.7b-12gb"),
        ("lora.targets=[q_proj]", "the value is not TOML; in lists and tables texts stand in quotation marks, such as ['q_proj']"),
        ("data.rename={prompt: 'x'}", "the value is not TOML"),
    ],
)
def test_a_change_is_read_as_strictly_as_the_file(tmp_path: Path, change: str, told: str) -> None:
    """A mistake in --set is told like one in the file."""
    with pytest.raises(TrainingProblem) as caught:
        read_config(written(tmp_path, GOOD), [change])
    assert told in str(caught.value)


def test_every_preset_is_a_configuration(tmp_path: Path) -> None:
    """Its keys exist and its values go together."""
    for name in PRESETS:
        read_config(written(tmp_path, f"preset = '{name}'\n{GOOD}"))


def test_every_key_is_explained_with_its_type_and_default() -> None:
    """One entry a key, of all or of a table; what is asked for and not there is told."""
    text = explained()
    assert "training.steps: a whole number, default 200\n    optimizer steps\n" in text
    assert "data.file: a text, no default" in text
    assert "held_out.file: a text, no default" in text
    assert "  dr_grpo     Dr. GRPO (arXiv 2503.20783)" in text
    assert [line.split(":")[0] for line in explained("lora").splitlines() if not line.startswith(" ")] == [
        "lora.rank",
        "lora.alpha",
        "lora.dropout",
        "lora.targets",
    ]
    with pytest.raises(TrainingProblem, match="no key begins with 'trainig'"):
        explained("trainig")
    for asked, guess in (("TRAINING.steps", "training.steps"), ("steps", "training.steps"), ("data.mix.file", "data.file")):
        with pytest.raises(TrainingProblem, match=f"did you mean '{guess}'"):
            explained(asked)


def test_the_command_explains_keys_and_takes_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`train --explain-config KEY` and `train RUN --set KEY=VALUE`; what is wrong ends with exit code 2."""
    assert main(["train", "--explain-config", "lora.rank"]) == 0
    assert capsys.readouterr().out == "lora.rank: a whole number, default 16\n    rank of the adapter; 0 trains all weights instead\n"
    assert main(["train", "--explain-config", "lora.rnk"]) == 2
    assert "did you mean 'lora.rank'" in capsys.readouterr().err
    assert main(["train", str(written(tmp_path, GOOD)), "--set", "training.step=3"]) == 2
    assert "did you mean 'steps'?" in capsys.readouterr().err


@pytest.mark.parametrize("value", ['a "quoted" é\n', 3, 0.5, True, ["a", "b"], {"our column": "theirs"}, {}])
def test_values_are_written_as_toml(value: Any) -> None:
    """What is written is read back."""
    assert tomllib.loads(f"key = {toml_value(value)}")["key"] == value


def test_paths_that_look_like_folders_are_never_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration beside the command, with a model folder that is not there: no question to the hub. Data folders and templates too."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "set").mkdir()
    text = GOOD.replace("./policy", "./none").replace('file = "train.jsonl"', 'hub = "set"')
    config = read_config(written(Path(), text.replace("[data]", "chat_template = 'chat.jinja'\n[data]")))
    assert (config.model.path, config.model.chat_template, config.data.hub) == ("./none", "chat.jinja", "set")


def test_every_source_counts_as_one() -> None:
    """Each of the four kinds of data is enough by itself."""
    for source in ("file", "hub", "reasoning_gym", "recipe"):
        named: dict[str, Any] = {source: "x.jsonl"}
        data = DataConfig(size=4, **named)
        config = RunConfig(reward="r", output="o", data=data)
        assert not [mistake for mistake in mistakes_of(config) if "data" in mistake]
