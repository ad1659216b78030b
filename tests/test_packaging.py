"""What is built from the sources is complete, installs with pip and with uv, and leaves other people's packages alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import rewardlang
from tests.sources import ROOT, package_folders

CACHES = (
    "__pycache__",
    ".*_cache",
    ".git",
    ".venv",
    ".hypothesis",
    "build",
    "dist",
    "demo",
    "runs",
    "*.egg-info",
    "*.pyc",
    "node_modules",
    "*.vsix",
)


def _run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, links kept as links, so that a build leaves no traces in the tree."""
    copy = tmp_path_factory.mktemp("sources") / "rewardlang"
    shutil.copytree(ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns(*CACHES))
    return copy


@pytest.fixture(scope="module")
def built(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from that sdist."""
    target = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--no-isolation", "--outdir", target, sources)
    return target


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """The wheel."""
    return next(built.glob("*.whl"))


def _environment(folder: Path) -> Path:
    """A virtual environment without pip that sees the libraries of this one, but not this project; gives its interpreter."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    site = Path(_run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return python


def _pip(python: Path, *arguments: str | Path) -> None:
    offline = ("--no-deps", "--no-index", "--ignore-installed", "--disable-pip-version-check")
    _run(sys.executable, "-m", "pip", "--python", python, "install", *offline, *arguments)


def _stand_in(folder: Path, name: str) -> Path:
    """A wheel of somebody else's package `name`."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "WHO = 'a stand-in'\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"{name}/__init__.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path


def test_the_list_of_packages_is_the_list_of_folders() -> None:
    """A new folder with Python files is named in pyproject.toml."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(package_folders())


def test_every_tested_dependency_is_pinned() -> None:
    """What `make test` installs stands in constraints.txt with one version, which the ranges of pyproject.toml allow."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    versions = {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in pins}
    assert all(str(pin.specifier).startswith("==") for pin in pins)
    for text in [*project["dependencies"], *extras["data"], *extras["train"], *extras["dev"]]:
        wanted = Requirement(text)
        if wanted.name not in ("rewardlang", "setuptools"):
            assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)], prereleases=True), text


def test_the_version_is_the_projects() -> None:
    """`rewardlang.__version__` is what pyproject.toml says."""
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == rewardlang.__version__


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    """Modules, grammar, word lists, templates, pages for codes and the mark of a typed package are there; linked folders are real files."""
    packed = set(zipfile.ZipFile(wheel).namelist())
    expected = {"rewardlang/py.typed"}
    for folder, prefix in (("rewardlang", ""), ("verifiers", "rewardlang/"), ("trainer", "rewardlang/"), ("grammars", "rewardlang/")):
        for path in (ROOT / folder).rglob("*"):
            inside = path.relative_to(ROOT)
            page = inside.name in ("README.md", "GPU.md")  # for readers of the sources; the codes' own pages are data
            extension = inside.parts[:2] == ("grammars", "vscode")  # of an editor, which installs it by its own means
            if path.is_file() and not page and not extension and "__pycache__" not in inside.parts:
                expected.add(prefix + inside.as_posix())
    assert expected - packed == set()


def test_the_wheel_installs_nothing_beside_the_package(wheel: Path) -> None:
    """The one top-level name is `rewardlang`: no `verifiers`, `trainer`, `grammars` or `tests`."""
    assert {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name} == {"rewardlang"}


def test_the_sdist_gives_the_same_wheel_as_the_sources(sources: Path, wheel: Path, tmp_path: Path) -> None:
    """Nothing gets lost on the way through the sdist."""
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, sources)
    direct = next(tmp_path.glob("*.whl"))
    assert zipfile.ZipFile(direct).namelist() == zipfile.ZipFile(wheel).namelist()


def test_packages_of_the_same_name_are_not_shadowed(wheel: Path, tmp_path: Path) -> None:
    """PyPI has a `verifiers` and a `trainer`: beside them the wheel installs, and both sides import what is theirs."""
    python = _environment(tmp_path / "venv")
    _pip(python, _stand_in(tmp_path, "verifiers"), _stand_in(tmp_path, "trainer"), wheel)
    code = (
        "import verifiers, trainer, rewardlang, rewardlang.verifiers, rewardlang.trainer, rewardlang.grammars\n"
        "print(verifiers.WHO, trainer.WHO, *rewardlang.verifiers.__path__, sep='|')"
    )
    first, second, ours = _run(python, "-I", "-c", code, cwd=tmp_path).strip().split("|")
    assert first == second == "a stand-in"
    assert Path(ours).parent.name == "rewardlang"


@pytest.mark.parametrize("installer", ["pip", "uv"])
@pytest.mark.parametrize("editable", [False, True], ids=["wheel", "editable"])
def test_the_installed_command_checks_a_reward_file(sources: Path, wheel: Path, tmp_path: Path, installer: str, editable: bool) -> None:
    """After an installation by pip or uv, as a wheel or editable, `rewardlang init` and `rewardlang check` work away from the sources."""
    python = _environment(tmp_path / "venv")
    what = ["--no-build-isolation", "-e", sources] if editable else [wheel]
    if installer == "pip":
        _pip(python, *what)
    elif uv := shutil.which("uv", path=f"{Path(sys.executable).parent}"):
        _run(uv, "pip", "install", "--quiet", "--offline", "--no-config", "--no-deps", "--no-index", "--python", python, *what)
    else:
        pytest.skip("uv is not installed")
    command = python.parent / "rewardlang"
    away = tmp_path / "away"
    away.mkdir()
    _run(command, "init", "gsm8k", cwd=away)
    reward = next(away.rglob("*.reward"))
    samples = next(away.rglob("*.jsonl"))
    assert reward.stem in _run(command, "check", reward, "--samples", samples, cwd=away)
