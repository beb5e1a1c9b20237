from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from edge_emotion import EmotionClassifier
from edge_emotion.artifact import Manifest, manifest_path, publish_manifest, read_manifest
from edge_emotion.errors import ArtifactError
from edge_emotion.evaluation import softmax
from edge_emotion.figures import (
    AccuracyFigure,
    AgainstFigure,
    CalibrationFigure,
    ClassFigure,
    Measurement,
    PartFigure,
    RobustnessFigure,
)
from tests.backends.classifiers import place, random_faces

WHERE = Measurement(split="public", images=100, backend="onnxruntime").model_dump()


def complete(manifest: Manifest) -> Manifest:
    """The manifest with every record there is."""
    figure = AccuracyFigure(
        **WHERE,
        accuracy=0.7,
        leak_free=PartFigure(images=90, accuracy=0.69),
        eight_class=PartFigure(images=95, accuracy=0.66),
        label_agreement=0.6,
        balanced_accuracy=0.65,
        macro_f1=0.64,
        per_class={"happy": ClassFigure(precision=0.9, recall=0.8, f1=0.85, support=25)},
    )
    calibration = CalibrationFigure(**WHERE, ece_uncalibrated=0.08, ece_cross_fitted=0.02)
    against = AgainstFigure(
        **WHERE,
        name="classifier-fp32",
        sha256="1" * 64,
        agreement=0.98,
        only_this=1,
        only_other=1,
        accuracy_difference=0.0,
        mcnemar_p=1.0,
    )
    robustness = RobustnessFigure(
        **WHERE, clean=0.7, corruptions={"blur": (0.69, 0.6, 0.5)}, mean=(0.69, 0.6, 0.5),
        drop_middle=0.1,
    )  # fmt: skip
    return manifest.model_copy(
        update={
            "temperature": 0.8,
            "accuracy": (figure,),
            "calibration": calibration,
            "against_fp32": against,
            "robustness": robustness,
        }
    )


def test_every_record_survives_its_file(tmp_path: Path) -> None:
    artifact = place(tmp_path, "cpu")
    written = complete(artifact.manifest)
    publish_manifest(artifact.path, written)
    assert read_manifest(artifact.path) == written


def test_manifests_from_before_these_records_still_load(tmp_path: Path) -> None:
    artifact = place(tmp_path, "cpu")
    document = artifact.manifest.model_dump(mode="json")
    for key in ("calibration", "against_fp32", "robustness"):
        assert document.pop(key) is None
    document["accuracy"] = [
        {"split": "public", "images": 3589, "accuracy": 0.68, "backend": "onnxruntime"}
    ]
    manifest_path(artifact.path).write_text(json.dumps(document))
    read = read_manifest(artifact.path)
    assert (read.accuracy[0].labels, read.accuracy[0].leak_free) == ("fer2013", None)
    assert read.temperature == 1.0


@pytest.mark.parametrize("record", ["calibration", "against_fp32", "robustness"])
def test_unknown_keys_are_refused_in_every_record(tmp_path: Path, record: str) -> None:
    artifact = place(tmp_path, "cpu")
    document = complete(artifact.manifest).model_dump(mode="json")
    document[record]["mood"] = 1
    manifest_path(artifact.path).write_text(json.dumps(document))
    with pytest.raises(ArtifactError, match=rf"{record}\.mood"):
        read_manifest(artifact.path)


def test_shares_are_fractions() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        AccuracyFigure(**WHERE, accuracy=68.1)


def test_a_compiled_file_keeps_the_temperature_and_no_figure_of_its_source(tmp_path: Path) -> None:
    source = complete(place(tmp_path, "cpu").manifest)
    made = source.compiled(format="openvino", sha256="2" * 64)
    assert (made.temperature, made.calibration) == (source.temperature, source.calibration)
    assert (made.accuracy, made.against_fp32, made.robustness) == ((), None, None)
    assert (made.source_sha256, made.format) == (source.sha256, "openvino")


@pytest.mark.parametrize(
    ("backend", "compiled"), [("onnxruntime", False), ("openvino", False), ("openvino", True)]
)
def test_every_backend_divides_by_the_temperature(
    tmp_path: Path, backend: str, compiled: bool
) -> None:
    pytest.importorskip(backend, reason=f"{backend} is not installed")
    artifact = place(tmp_path, "cpu")
    artifact = publish_manifest(
        artifact.path, artifact.manifest.model_copy(update={"temperature": 0.25})
    )
    if compiled:
        from edge_emotion.export.compile import compile_openvino

        artifact = compile_openvino(artifact, tmp_path / "ir").artifact
    faces = random_faces(5)
    with EmotionClassifier.load(str(artifact.path), backend) as classifier:
        probabilities = classifier.predict(faces)
    publish_manifest(artifact.path, artifact.manifest.model_copy(update={"temperature": 1.0}))
    with EmotionClassifier.load(str(artifact.path), backend) as classifier:
        logits = np.log(classifier.predict(faces).astype(np.float64))
    np.testing.assert_allclose(probabilities, softmax(logits / 0.25), atol=1e-5)
