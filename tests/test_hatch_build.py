"""Manual pages and completion, as a wheel carries them: read by groff, tried in the shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from edge_emotion.artifact import shipped_models
from edge_emotion.cli import group
from tests.scripts import load_script

ROOT = Path(__file__).parents[1]
PROGRAM = f"#!{sys.executable}\nfrom edge_emotion.cli import main\nmain()\n"
TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "‐": "-", "−": "-"})
ASKED_IN_BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_edge_emotion_completion edge-emotion
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    pytest.importorskip("hatchling", reason="needs the extra dev")
    pytest.importorskip("click_man", reason="needs the extra dev")
    return load_script(ROOT / "hatch_build.py")


@pytest.fixture(scope="module")
def manual(hook: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("manual") / "man1"
    hook.write_manual(folder, "1.2.3")
    return folder


@pytest.fixture(scope="module")
def completion(hook: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completion") / "scripts"
    hook.write_completion(folder)
    return folder


@pytest.fixture(scope="module")
def shell_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH on which the program is found."""
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "edge-emotion"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def commands(context: click.Context) -> Iterator[click.Context]:
    """Every command of the program, itself first, as it is called."""
    yield context
    command = context.command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(click.Context(inner, context, name))


EVERY = list(commands(click.Context(group, info_name="edge-emotion")))


def test_every_command_has_a_page(manual: Path) -> None:
    wanted = {f"{context.command_path.replace(' ', '-')}.1" for context in EVERY}
    assert {path.name for path in manual.iterdir()} == wanted


@pytest.mark.parametrize("context", EVERY, ids=lambda context: context.command_path)
def test_a_page_says_what_help_says(manual: Path, context: click.Context) -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed: apt-get install groff-base")
    page = manual / f"{context.command_path.replace(' ', '-')}.1"
    wide = ("-rLL=5000n", "-rHY=0", "-P-cbou")  # neither broken nor hyphenated, bold or underlined
    shown = subprocess.run(
        ["groff", "-man", "-ww", "-Kutf8", "-Tutf8", *wide, page],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stderr == ""
    text = " ".join(shown.stdout.translate(TYPOGRAPHY).split())
    assert "edge-emotion" in text
    assert "1.2.3" in text
    for parameter in context.command.params:
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        for part in record or ():
            assert " ".join(part.split()) in text
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            assert f"See {context.command_path}-{name}(1)" in text


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["edge-emotion", "mod"], ["models"]),
        (["edge-emotion", "data", ""], ["audit", "summary"]),
        (["edge-emotion", "predict", "--det"], ["--detector", "--detector-size"]),
        (
            ["edge-emotion", "camera", "--model", "sm"],
            [n for n in shipped_models() if n.startswith("sm")],
        ),
        (
            ["edge-emotion", "deploy", "triton", "ti"],
            [n for n in shipped_models() if n.startswith("ti")],
        ),
    ],
    ids=" ".join,
)
def test_bash_completes(
    completion: Path, shell_path: str, words: list[str], offered: list[str]
) -> None:
    done = subprocess.run(
        ["bash", "--norc", "-c", ASKED_IN_BASH, "bash", completion / "bash", *words],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PATH": shell_path},
    )
    assert sorted(done.stdout.split()) == sorted(offered)
    assert done.stderr == ""


def test_fish_completes(completion: Path, shell_path: str) -> None:
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    ask = f"source {completion / 'fish'}; complete -C 'edge-emotion camera --model sm'"
    done = subprocess.run(
        ["fish", "--no-config", "-c", ask],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PATH": shell_path},
    )
    assert {"small", "small-fp32"} <= set(done.stdout.split())


def test_zsh_loads_its_own(completion: Path) -> None:
    script = (completion / "zsh").read_text()
    assert script.startswith("#compdef edge-emotion\n"), "how zsh finds it"
    if shutil.which("zsh") is not None:
        subprocess.run(["zsh", "-n", completion / "zsh"], check=True)
