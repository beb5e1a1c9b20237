"""The wheel and the source package: what is in them, and that the wheel alone runs."""

from __future__ import annotations

import email
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="needs the extra dev")
pytest.importorskip("click_man", reason="needs the extra dev")

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both, by suffix."""
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", out],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {path.suffix: path for path in out.iterdir()}


def test_the_wheel_holds_the_package_and_its_models(packages: dict[str, Path]) -> None:
    with zipfile.ZipFile(packages[".whl"]) as wheel:
        names = wheel.namelist()
    tracked = subprocess.run(
        ["git", "ls-files", "edge_emotion"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(tracked) <= set(names)
    beside = {name for name in names if not name.startswith("edge_emotion/")}
    shared = {name.partition(".data/data/")[2] for name in beside if ".data/" in name}
    assert all(".dist-info/" in name or ".data/data/share/" in name for name in beside)
    assert {"share/man/man1/edge-emotion.1", "share/man/man1/edge-emotion-data-audit.1"} <= shared
    assert "share/bash-completion/completions/edge-emotion" in shared
    assert "edge_emotion/assets/small.cpu.onnx" in names
    assert packages[".whl"].stat().st_size < 25e6


def test_the_source_package_builds_what_the_wheel_holds(packages: dict[str, Path]) -> None:
    with tarfile.open(packages[".gz"]) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    with zipfile.ZipFile(packages[".whl"]) as wheel:
        package = {name for name in wheel.namelist() if name.startswith("edge_emotion/")}
    assert package <= names
    assert {"README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", "hatch_build.py"} <= names
    assert not any(name.startswith(("tests/", "export/", "benchmarks/")) for name in names)


def test_the_pythons_and_extras_that_are_named(packages: dict[str, Path]) -> None:
    with zipfile.ZipFile(packages[".whl"]) as wheel:
        (name,) = (each for each in wheel.namelist() if each.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(wheel.read(name))
    python = "Programming Language :: Python :: "
    named = [
        each.removeprefix(python) for each in metadata.get_all("Classifier", []) if python in each
    ]
    wanted = SpecifierSet(metadata["Requires-Python"])
    assert named
    assert all(version in wanted for version in named)
    assert "3.9" not in wanted
    extras = set(metadata.get_all("Provides-Extra", []))
    assert {"cpu", "jetson", "mqtt", "serve", "video"} <= extras
    for line in metadata.get_all("Requires-Dist", []):
        marker = Requirement(line).marker
        for version in named:
            here = {"python_version": version, "extra": "jetson"}
            if "cuda-python" in line and marker is not None and marker.evaluate(here):
                assert (">=13" in line) == (version in SpecifierSet(">=3.12")), line


def test_the_wheel_alone_runs(packages: dict[str, Path], tmp_path: Path) -> None:
    target = tmp_path / "installed"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target]
    subprocess.run([*install, packages[".whl"]], check=True, capture_output=True)
    program = (
        "import edge_emotion, sys; sys.stderr.write(edge_emotion.__file__);"
        "from edge_emotion.cli import main; main()"
    )
    listed = subprocess.run(
        [sys.executable, "-c", program, "models", "list", "--json"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert listed.returncode == 0, listed.stderr
    assert str(target) in listed.stderr
    models = json.loads(listed.stdout)["models"]
    assert {"tiny", "small", "base"} <= {model["name"] for model in models}
    assert all(model["path"].startswith(str(target)) for model in models)
