"""A whole training run on drawn faces, killed and resumed, then exported."""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytestmark = pytest.mark.train

from edge_emotion.artifact import Artifact  # noqa: E402
from edge_emotion.backends import get_backend  # noqa: E402
from edge_emotion.data import Split, load_dataset  # noqa: E402
from edge_emotion.errors import ArtifactError  # noqa: E402
from edge_emotion.jsonio import sha256_of  # noqa: E402
from edge_emotion.models import build_network  # noqa: E402
from edge_emotion.models.checkpoint import Checkpoint  # noqa: E402
from edge_emotion.models.mirror import keep_symmetric  # noqa: E402
from edge_emotion.models.quantization import ActivationQuantizer  # noqa: E402
from edge_emotion.training.answers import save_answers  # noqa: E402
from edge_emotion.training.faces import one_hot  # noqa: E402

SETTINGS = [
    argument
    for override in (
        "batch_size=32",
        "augmentation.erase=0",
        "fp32.epochs=10",
        "fp32.learning_rate=0.03",
        "fp32.ema_decay=0.9",
        "int8.epochs=2",
        "int8.ema_decay=0.9",
    )
    for argument in ("--set", override)
]
"""Enough for a network to tell drawn faces apart."""


def train(out: Path, *more: str) -> list[str]:
    command = [sys.executable, "-m", "edge_emotion", "train", "--data", "synthetic"]
    return [*command, "--out", str(out), *SETTINGS, *more]


def export(checkpoint: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge_emotion", "export", str(checkpoint), "--out", str(out)]
    return subprocess.run([*command, *more], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was killed in its floating-point phase and then resumed."""
    out = tmp_path_factory.mktemp("training") / "run"
    process = subprocess.Popen(train(out), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 600
    while not (out / "fp32" / "last.ckpt").exists():
        assert process.poll() is None, "the run ended before its first checkpoint"
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "checkpoint.safetensors").exists()
    resumed = subprocess.run(train(out, "--resume"), capture_output=True, text=True, check=False)
    assert resumed.returncode == 0, resumed.stderr
    assert "fp32 epoch 1/" not in resumed.stderr, "the resumed run started again from nothing"
    assert "fp32 epoch 10/10" in resumed.stderr, "the killed run had come to its end already"
    return out


def test_both_phases_learn_and_are_recorded(run: Path) -> None:
    metrics = json.loads((run / "metrics.json").read_text())
    epochs = metrics["fp32"]["epochs"]
    assert [epoch["epoch"] for epoch in epochs] == list(range(1, 11))
    assert epochs[-1]["train_loss"] < epochs[0]["train_loss"]
    assert metrics["fp32"]["accuracy"] > 0.7, "seven classes: chance is 0.14"
    assert metrics["int8"]["accuracy"] > metrics["fp32"]["accuracy"] - 0.05
    assert metrics["validation"]["images"] == len(load_dataset("synthetic", Split.PUBLIC))


def test_logs_are_written_for_both_phases(run: Path) -> None:
    for phase in ("fp32", "int8"):
        assert list((run / "logs" / phase).glob("events.out.tfevents.*"))
        assert "val_accuracy" in (run / "logs" / phase / "metrics.csv").read_text()


def test_checkpoint_reproduces_its_recorded_accuracy(run: Path) -> None:
    checkpoint = Checkpoint.load(run)
    faces = load_dataset("synthetic", Split.PUBLIC)
    images = torch.from_numpy(faces.images).unsqueeze(1)
    networks = {"fp32": checkpoint.fp32_network(), "int8": checkpoint.int8_network()}
    for phase, network in networks.items():
        with torch.no_grad():
            accuracy = np.mean(network(images).argmax(1).numpy() == faces.labels)
        assert accuracy == pytest.approx(checkpoint.metrics[phase]["accuracy"], abs=0.01)


def test_checkpoint_runs_on_the_torch_backend(run: Path) -> None:
    faces = load_dataset("synthetic", Split.PUBLIC)
    artifact = Artifact.load(run / "checkpoint.safetensors")
    with get_backend("torch").load(artifact) as session:
        logits = session.infer(faces.images[:8])
    assert logits.shape == (8, 7)


def test_a_run_is_not_overwritten_and_not_mixed_up(run: Path) -> None:
    again = subprocess.run(train(run), capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "--resume" in again.stderr
    assert len(again.stderr.strip().splitlines()) == 1
    other = subprocess.run(
        train(run, "--resume", "--set", "seed=99"), capture_output=True, text=True, check=False
    )
    assert other.returncode == 1
    assert "another recipe" in other.stderr


def test_export_publishes_both_encodings_behind_the_gate(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "models"
    done = export(run, out, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [entry["manifest"]["encoding"] for entry in document] == ["cpu", "tensorrt"]
    assert all(entry["agreement"] >= 0.99 for entry in document)
    assert sorted(path.name for path in out.iterdir()) == [
        "small.cpu.onnx",
        "small.cpu.onnx.json",
        "small.tensorrt.onnx",
        "small.tensorrt.onnx.json",
    ]
    cpu = Artifact.load(out / "small.cpu.onnx")
    assert cpu.sibling("tensorrt") is not None
    assert cpu.file_bytes <= 1_000_000


def test_export_fits_a_temperature_to_the_data_it_is_given(run: Path, tmp_path: Path) -> None:
    drawn = export(run, tmp_path / "drawn", "--precision", "fp32", "--json")
    assert "temperature is not fitted" in drawn.stderr
    (plain,) = (each["manifest"] for each in json.loads(drawn.stdout))
    assert (plain["temperature"], plain["calibration"]) == (1.0, None)
    given = export(run, tmp_path / "given", "--precision", "fp32", "--data", "synthetic", "--json")
    assert given.returncode == 0, given.stderr
    (fitted,) = (each["manifest"] for each in json.loads(given.stdout))
    assert fitted["temperature"] != 1.0
    record = fitted["calibration"]
    assert (record["split"], record["images"], record["backend"]) == ("public", 210, "onnxruntime")
    assert 0 <= record["ece_cross_fitted"] < record["ece_uncalibrated"] <= 1


def test_gate_refuses_an_artefact_that_differs_from_its_model(run: Path, tmp_path: Path) -> None:
    """Ranges far too small clip at 127 steps in the model, at 255 in the `cpu` encoding."""
    checkpoint = Checkpoint.load(run)
    broken = dict(checkpoint.int8)
    for name, module in checkpoint.int8_network().named_modules():
        if isinstance(module, ActivationQuantizer) and module.non_negative:
            broken[f"{name}.limit"] = module.limit * 0.1
    path = tmp_path / "broken.safetensors"
    replace(checkpoint, int8=broken).save(path)
    out = tmp_path / "models"
    done = export(path, out)
    assert done.returncode == 1
    assert "small.cpu.onnx was not published" in done.stderr
    assert list(out.iterdir()) == []


@pytest.fixture(scope="module")
def student(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run without quantisation that learns from the labels and a teacher."""
    folder = tmp_path_factory.mktemp("distillation")
    Checkpoint.load(run).as_teacher().save(folder / "teacher.safetensors")
    faces = load_dataset("synthetic", Split.TRAIN)
    save_answers(folder / "answers.safetensors", faces.images, one_hot(faces.labels))
    recipe = folder / "student.toml"
    recipe.write_text(
        'name = "student"\nnetwork = "small"\nbatch_size = 32\nsymmetric = true\n'
        "[augmentation]\nmixup = 0.2\n"
        '[distillation]\nteachers = ["teacher.safetensors", "answers.safetensors"]\n'
        "[fp32]\nepochs = 2\nlearning_rate = 0.03\nema_decay = 0.9\nhints = 1.0\n"
    )
    command = [sys.executable, "-m", "edge_emotion", "train", "--data", "synthetic"]
    command += ["--recipe", str(recipe), "--out", str(folder / "run")]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=one_thread, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "run"


def test_a_student_records_whom_it_learnt_from(student: Path) -> None:
    metrics = json.loads((student / "metrics.json").read_text())
    teacher, answers = (student.parent / f"{n}.safetensors" for n in ("teacher", "answers"))
    assert metrics["teachers"] == [
        {"file": f"{path.parent.name}/{path.name}", "sha256": sha256_of(path)}
        for path in (teacher, answers)
    ]
    assert {epoch["threads"] for epoch in metrics["fp32"]["epochs"]} == {1}
    assert teacher.stat().st_size < 2 * 1_000_000, "half precision, one phase"


def test_a_network_that_shall_be_symmetric_ends_so(student: Path) -> None:
    network = Checkpoint.load(student).fp32_network()
    trained = copy.deepcopy(network.state_dict())
    keep_symmetric(network)
    for key, value in network.state_dict().items():
        assert torch.allclose(value, trained[key], atol=1e-6), key


def test_a_run_without_an_int8_phase_exports_in_floating_point_only(
    student: Path, tmp_path: Path
) -> None:
    refused = export(student, tmp_path / "int8")
    assert refused.returncode == 1
    assert "no int8 phase" in refused.stderr
    done = export(student, tmp_path / "fp32", "--precision", "fp32")
    assert done.returncode == 0, done.stderr


def test_what_told_the_hints_is_left_behind(student: Path) -> None:
    checkpoint = Checkpoint.load(student)
    assert checkpoint.fp32.keys() == build_network("small").state_dict().keys()
    (last,) = student.glob("fp32/last.ckpt")
    assert "objective.hints.tell.0.weight" in torch.load(last, weights_only=True)["state_dict"]


def test_hints_are_refused_where_no_teacher_is_a_network(tmp_path: Path) -> None:
    done = subprocess.run(
        train(tmp_path / "run", "--set", "fp32.hints=1.0"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "none of its teachers is a network" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_batch_too_small_to_be_divided_among_teachers_is_refused(
    student: Path, tmp_path: Path
) -> None:
    teacher = ["--teacher", str(student.parent / "teacher.safetensors")]
    small = ["--set", "distillation.divided=true", "--set", "batch_size=3"]
    done = subprocess.run(
        train(tmp_path / "run", *teacher, *teacher, *small),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "batch_size 3 gives not each of 2 teachers two faces" in done.stderr
    assert "batch_size=4" in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("size", [0, 100, 5000])
def test_truncated_checkpoints_are_refused(run: Path, tmp_path: Path, size: int) -> None:
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes((run / "checkpoint.safetensors").read_bytes()[:size])
    with pytest.raises(ArtifactError, match="not a readable checkpoint"):
        Checkpoint.load(path)


def test_unwritable_folder_is_refused_before_any_work(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    done = subprocess.run(
        train(blocker / "run"), capture_output=True, text=True, check=False, env=os.environ.copy()
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot write")
    assert len(done.stderr.strip().splitlines()) == 1
