from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from edge_emotion.artifact import Artifact, shipped_models
from tests.conftest import RunCli


def test_every_shipped_file_is_listed_and_verifies(run_cli: RunCli) -> None:
    run = run_cli("models", "list", "--json")
    assert run.returncode == 0, run.stderr
    listed = json.loads(run.stdout)["models"]
    files = [artifact for found in shipped_models().values() for artifact in found]
    assert [entry["path"] for entry in listed] == [str(artifact.path) for artifact in files]
    for entry in listed:
        artifact = Artifact.load(Path(entry["path"]))
        assert entry["sha256"] == artifact.manifest.sha256
        assert entry["file_bytes"] == artifact.path.stat().st_size
        assert entry["precision"] in ("int8", "fp32", "fp16")
        assert entry["format"] == "onnx"
        figures = entry["accuracy_figures"]
        assert entry["accuracy"] == (figures[0]["accuracy"] if figures else None)


def test_the_table_names_every_model(run_cli: RunCli) -> None:
    run = run_cli("models", "list", COLUMNS="80")
    assert run.returncode == 0, run.stderr
    for name in shipped_models():
        assert name in run.stdout
    assert "FER+" in run.stdout


def test_pull_knows_its_models(run_cli: RunCli) -> None:
    run = run_cli("models", "pull", "resnet")
    assert run.returncode == 2
    assert "yunet" in run.stderr


def test_a_pull_that_reaches_nobody_is_one_line(run_cli: RunCli, tmp_path: Path) -> None:
    """A proxy that refuses connections stands for a machine without a network."""
    refused = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    target = tmp_path / "yunet.onnx"
    run = run_cli("models", "pull", "yunet", EDGE_EMOTION_YUNET=str(target), **refused)
    assert run.returncode == 1
    assert "error: cannot fetch yunet" in run.stderr
    assert "Traceback" not in run.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["truncated", "no manifest"])
def test_a_shipped_model_that_was_damaged_is_not_used(
    run_cli: RunCli, tmp_path: Path, damage: str
) -> None:
    found = shipped_models()
    if not found:
        pytest.skip("no model is shipped in this tree")
    original = next(iter(found.values()))[0].path
    copy = tmp_path / original.name
    shutil.copyfile(original, copy)
    if damage == "truncated":
        shutil.copyfile(f"{original}.json", f"{copy}.json")
        copy.write_bytes(copy.read_bytes()[:-1])
    run = run_cli("compile", copy, "--target", "openvino", "--out", tmp_path / "out")
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
