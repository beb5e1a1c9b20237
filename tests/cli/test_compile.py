from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge_emotion.artifact import Artifact
from tests.backends.classifiers import CONVOLUTIONS, place
from tests.conftest import RunCli


@pytest.fixture
def model(tmp_path: Path) -> Path:
    place(tmp_path, "tensorrt")
    return place(tmp_path, "cpu").path


def test_openvino_with_json(run_cli: RunCli, model: Path, tmp_path: Path) -> None:
    pytest.importorskip("openvino", reason="openvino is not installed")
    out = tmp_path / "ir"
    run = run_cli("compile", model, "--target", "openvino", "--out", out, "--json")
    assert run.returncode == 0, run.stderr
    document = json.loads(run.stdout)
    assert document["path"] == str(out / "classifier.cpu.xml")
    assert document["not_int8"] == []
    kinds = [layer["kind"] for layer in document["layers"] if layer["precision"] == "int8"]
    assert kinds.count("Convolution") == CONVOLUTIONS
    conversions = [layer for layer in document["layers"] if layer["role"] == "convert"]
    assert document["conversions"] == [layer["name"] for layer in conversions]
    assert "Reorder" in {layer["kind"] for layer in conversions}
    assert document["manifest"]["sha256"] == Artifact.load(Path(document["path"])).manifest.sha256


def test_openvino_prints_its_audit(run_cli: RunCli, model: Path, tmp_path: Path) -> None:
    pytest.importorskip("openvino", reason="openvino is not installed")
    run = run_cli("compile", model, "--target", "openvino", "--out", tmp_path / "ir")
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == str(tmp_path / "ir" / "classifier.cpu.xml")
    assert "Convolution" in run.stderr
    assert "0 not in int8" in run.stderr
    assert "Reorder" in run.stderr
    assert "conversions: " in run.stderr


def test_tensorrt_ahead_of_time(run_cli: RunCli, model: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason="tensorrt_rtx is not installed")
    arguments = ("--target", "tensorrt", "--compute-capability", "8.9")
    run = run_cli("compile", model, *arguments, "--out", tmp_path / "engines", "--json")
    assert run.returncode == 0, run.stderr
    document = json.loads(run.stdout)
    assert document["manifest"]["compute_capability"] == ["8.9"]
    assert document["not_int8"] == []
    assert Artifact.load(Path(document["path"])).manifest.format.startswith("tensorrt")


def test_one_engine_for_several_gpus(run_cli: RunCli, model: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason="tensorrt_rtx is not installed")
    gpus = ("--compute-capability", "8.6", "--compute-capability", "8.9")
    run = run_cli("compile", model, "--target", "tensorrt", *gpus, "--out", tmp_path / "engines")
    assert run.returncode == 0, run.stderr
    engine = Artifact.load(Path(run.stdout.strip()))
    assert engine.path.name == "classifier.tensorrt.sm86-89.engine"
    assert engine.manifest.compute_capability == ("8.6", "8.9")
    assert "convert" in run.stderr
    assert "0 not in int8" in run.stderr


def test_a_compatibility_that_the_runtime_has_not_is_one_line(
    run_cli: RunCli, model: Path, tmp_path: Path
) -> None:
    pytest.importorskip("tensorrt_rtx", reason="tensorrt_rtx is not installed")
    arguments = ("--target", "tensorrt", "--compute-capability", "8.9", "--version-compatible")
    run = run_cli("compile", model, *arguments, "--out", tmp_path / "engines")
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "leave --version-compatible out" in run.stderr


@pytest.mark.parametrize(
    "option",
    [
        ("--compute-capability", "8.9"),
        ("--version-compatible",),
        ("--hardware-compatibility", "ampere+"),
    ],
)
def test_what_is_for_gpus_makes_no_sense_for_openvino(
    run_cli: RunCli, model: Path, tmp_path: Path, option: tuple[str, ...]
) -> None:
    run = run_cli("compile", model, "--target", "openvino", *option, "--out", tmp_path / "ir")
    assert run.returncode == 2
    assert f"{option[0]} has no meaning for openvino; leave it out" in run.stderr


def test_an_unknown_hardware_compatibility(run_cli: RunCli, model: Path, tmp_path: Path) -> None:
    arguments = ("--target", "tensorrt", "--hardware-compatibility", "turing")
    run = run_cli("compile", model, *arguments, "--out", tmp_path / "engines")
    assert run.returncode == 2
    assert "'none', 'ampere+', 'same-cc'" in run.stderr


def test_a_truncated_model_is_one_line(run_cli: RunCli, model: Path, tmp_path: Path) -> None:
    model.write_bytes(model.read_bytes()[:1000])
    run = run_cli("compile", model, "--target", "openvino", "--out", tmp_path / "ir")
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "truncated" in run.stderr
    assert not (tmp_path / "ir").exists()


def test_an_output_folder_that_is_a_file(run_cli: RunCli, model: Path, tmp_path: Path) -> None:
    pytest.importorskip("openvino", reason="openvino is not installed")
    (tmp_path / "taken").write_text("mine")
    run = run_cli("compile", model, "--target", "openvino", "--out", tmp_path / "taken")
    assert run.returncode == 1
    assert run.stderr.startswith("error: cannot write")
    assert (tmp_path / "taken").read_text() == "mine"
