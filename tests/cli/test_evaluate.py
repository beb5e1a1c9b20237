from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_emotion.artifact import Artifact, publish_manifest
from edge_emotion.backends import get_backend
from edge_emotion.emotions import LABELS
from tests.backends.classifiers import place
from tests.conftest import RunCli

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


@pytest.fixture
def model(tmp_path: Path) -> Artifact:
    place(tmp_path, "tensorrt")
    return place(tmp_path, "cpu")


def test_the_document_of_the_contract(run_cli: RunCli, model: Artifact) -> None:
    arguments = ("--data", "synthetic", "--backend", "onnxruntime", "--threads", "1", "--json")
    run = run_cli("evaluate", model.path, *arguments)
    assert run.returncode == 0, run.stderr
    document = json.loads(run.stdout)
    assert document["model"] == {
        "name": "classifier",
        "sha256": model.manifest.sha256,
        "precision": "int8",
    }
    assert document["backend"] == "onnxruntime"
    assert document["split"] == "public"
    assert tuple(document["per_class"]) == LABELS
    rows = document["confusion"]
    assert sum(map(sum, rows)) == document["images"] > 0
    hits = sum(rows[position][position] for position in range(7))
    assert document["accuracy"] == pytest.approx(hits / document["images"])
    low, high = document["accuracy_ci95"]
    assert low < document["accuracy"] < high
    for figure in ("balanced_accuracy", "macro_f1", "ece", "ece_uncalibrated"):
        assert 0 <= document[figure] <= 1
    assert (document["labels"], document["ferplus"]) == ("fer2013", None)
    assert (document["against"], document["robustness"]) == (None, None)
    assert document["leak_free"].keys() == {"images", "accuracy", "accuracy_ci95"}
    assert document["leak_free"]["images"] <= document["images"]
    for label, row in zip(LABELS, rows, strict=True):
        assert document["per_class"][label].keys() == {"precision", "recall", "f1", "support"}
        assert document["per_class"][label]["support"] == sum(row)


def test_batch_size_changes_nothing(run_cli: RunCli, model: Artifact) -> None:
    documents = [
        json.loads(
            run_cli(
                "evaluate", model.path, "--data", "synthetic", "--batch-size", size, "--json"
            ).stdout
        )
        for size in ("1", "50")
    ]
    assert documents[0] == documents[1]


def test_auto_takes_a_backend_of_this_machine(run_cli: RunCli, model: Artifact) -> None:
    run = run_cli("evaluate", model.path, "--data", "synthetic", "--split", "train")
    assert run.returncode == 0, run.stderr
    assert "evaluating classifier.cpu.onnx on " in run.stderr
    assert "balanced accuracy" in run.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "cause"),
    [
        (("--data", "nowhere.zip"), 1, "no such dataset: nowhere.zip"),
        (("--data", "synthetic", "--backend", "tflite"), 2, "unknown backend 'tflite'"),
        (("--data", "synthetic", "--threads", "0"), 2, "--threads"),
        (("--data", "synthetic", "--split", "validation"), 2, "--split"),
        (("--data", "synthetic", "--labels", "ferplus"), 2, "--votes belong together"),
        (("--data", "synthetic", "--votes", "v.csv"), 2, "--votes belong together"),
        (("--data", "synthetic", "--labels", "ferplus", "--votes", "v.csv"), 1, "votes v.csv"),
        ((), 2, "--data"),
    ],
)
def test_what_cannot_be_done_is_said(
    run_cli: RunCli, model: Artifact, arguments: tuple[str, ...], code: int, cause: str
) -> None:
    run = run_cli("evaluate", model.path, *arguments)
    assert run.returncode == code
    assert cause in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""


def test_images_that_stand_in_train_too_are_told_apart(
    run_cli: RunCli, model: Artifact, tmp_path: Path, make_folders: Callable[..., Path]
) -> None:
    source = make_folders(tmp_path / "fer")
    mirrored = []
    for image in sorted((source / "test").rglob("*_0.png")):
        face = cv2.imread(str(image), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(image), np.ascontiguousarray(face[:, ::-1]))
        mirrored.append(face[:, ::-1])
    run = run_cli("evaluate", model.path, "--data", source, "--json")
    document = json.loads(run.stdout)
    assert (document["images"], document["leak_free"]["images"]) == (14, 7)
    with get_backend("onnxruntime").load(model) as session:
        answers = session.infer(np.stack(mirrored)).argmax(axis=1)
    hits = int((answers == np.arange(7)).sum())
    assert document["leak_free"]["accuracy"] == pytest.approx(hits / 7)
    trained = run_cli("evaluate", model.path, "--data", source, "--split", "train", "--json")
    assert json.loads(trained.stdout)["leak_free"] is None


def test_votes_in_place_of_labels(
    run_cli: RunCli, model: Artifact, tmp_path: Path, make_folders: Callable[..., Path]
) -> None:
    source = make_folders(tmp_path / "fer")
    votes = tmp_path / "votes.csv"
    votes.write_text(
        "path,fer2013_row,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
        "\ntest/sad/PublicTest_0.png,0,9,0,0,1,0,0,0,0,0,0"
        "\ntest/sad/PublicTest_1.png,1,0,0,0,10,0,0,0,0,0,0"
        "\ntest/angry/PublicTest_0.png,2,0,0,0,0,0,0,0,10,0,0\n"
    )
    arguments = ("evaluate", model.path, "--data", source, "--labels", "ferplus", "--votes", votes)
    run = run_cli(*arguments, "--json")
    assert run.returncode == 0, run.stderr
    document = json.loads(run.stdout)
    assert (document["labels"], document["images"]) == ("ferplus", 2)
    assert document["per_class"]["neutral"]["support"] == 1
    assert document["ferplus"]["eight_class"]["images"] == 3
    assert document["ferplus"]["label_agreement"] == 0.5
    assert document["ferplus"]["left_out"]["no_votes"] == 11
    assert "warning: " in run.stderr
    assert "no votes on 11 of 14 images" in run.stderr
    assert "with contempt" in run_cli(*arguments).stdout


def test_an_unknown_model_is_one_line(run_cli: RunCli) -> None:
    run = run_cli("evaluate", "smal", "--data", "synthetic")
    assert run.returncode == 1
    assert run.stderr.startswith("error: no model named 'smal'")
    assert run.stderr.count("\n") == 1


def test_a_truncated_model_is_one_line(run_cli: RunCli, model: Artifact) -> None:
    model.path.write_bytes(model.path.read_bytes()[:1000])
    run = run_cli("evaluate", model.path, "--data", "synthetic")
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "truncated" in run.stderr


def test_temperature_scales_one_of_the_two_calibration_errors(
    run_cli: RunCli, model: Artifact
) -> None:
    arguments = ("--data", "synthetic", "--backend", "onnxruntime", "--json")
    plain = json.loads(run_cli("evaluate", model.path, *arguments).stdout)
    assert plain["ece"] == plain["ece_uncalibrated"]
    publish_manifest(model.path, model.manifest.model_copy(update={"temperature": 0.1}))
    sharp = json.loads(run_cli("evaluate", model.path, *arguments).stdout)
    assert sharp["ece_uncalibrated"] == plain["ece_uncalibrated"]
    assert sharp["ece"] != plain["ece"]


def test_a_second_model_spoilt_faces_and_pictures(
    run_cli: RunCli, model: Artifact, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    (tmp_path / "other").mkdir()
    other, out = place(tmp_path / "other", "none"), tmp_path / "out"
    arguments = ("--data", "synthetic", "--backend", "onnxruntime", "--against", other.path)
    run = run_cli("evaluate", model.path, *arguments, "--robustness", "--out", out, "--json")
    assert run.returncode == 0, run.stderr
    document = json.loads(run.stdout)
    against, robustness = document["against"], document["robustness"]
    assert against.keys() == {
        "model", "backend", "agreement", "both_right", "only_this", "only_other", "both_wrong",
        "accuracy_difference", "mcnemar_p",
    }  # fmt: skip
    assert against["model"] == {
        "name": "classifier-fp32",
        "sha256": other.manifest.sha256,
        "precision": "fp32",
    }
    right, alone = against["both_right"], against["only_this"]
    assert (right + alone) / document["images"] == pytest.approx(document["accuracy"])
    difference = (alone - against["only_other"]) / document["images"]
    assert against["accuracy_difference"] == pytest.approx(difference)
    assert robustness.keys() == {"clean", "corruptions", "mean", "drop_middle"}
    assert robustness["clean"] == document["accuracy"]
    assert all(len(shares) == 3 for shares in robustness["corruptions"].values())
    assert json.loads((out / "evaluation.json").read_text()) == document
    assert (out / "confusion.svg").is_file()
    assert (out / "robustness.svg").is_file()
    text = run_cli("evaluate", model.path, *arguments).stdout
    assert "against classifier-fp32: " in text
    assert "McNemar p = " in text


def test_a_second_model_that_is_not_there_is_said_before_any_work(
    run_cli: RunCli, model: Artifact
) -> None:
    run = run_cli("evaluate", model.path, "--data", "synthetic", "--against", "huge")
    assert run.returncode == 1
    assert "no model named 'huge'" in run.stderr
    assert "evaluating" not in run.stderr


def test_an_engine_without_its_gpu_is_one_line(run_cli: RunCli, model: Artifact) -> None:
    pytest.importorskip("tensorrt_rtx", reason="tensorrt_rtx is not installed")
    from edge_emotion.backends.gpu import compute_capability
    from edge_emotion.export.compile import compile_tensorrt

    if compute_capability():
        pytest.skip("this machine has an NVIDIA GPU")
    engine = compile_tensorrt(model, model.path.parent / "engines", ["8.9"]).artifact
    run = run_cli("evaluate", engine.path, "--data", "synthetic")
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "no NVIDIA GPU" in run.stderr
