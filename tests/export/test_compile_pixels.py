"""An IR that takes camera pixels, in OpenVINO's own model_api."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

openvino = pytest.importorskip("openvino")

from edge_emotion import EmotionClassifier  # noqa: E402
from edge_emotion.artifact import Artifact, resolve_model  # noqa: E402
from edge_emotion.data import SYNTHETIC, Split, load_dataset  # noqa: E402
from edge_emotion.emotions import LABELS  # noqa: E402
from edge_emotion.errors import ArtifactError  # noqa: E402
from edge_emotion.export.compile import compile_openvino  # noqa: E402
from tests.conftest import RunCli  # noqa: E402

MODEL = "small"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return compile_openvino(resolve_model(MODEL), tmp_path_factory.mktemp("ir"), "bgr").artifact


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """Drawn faces tinted in random colours: BGR, uint8 (N, 48, 48, 3)."""
    faces = load_dataset(SYNTHETIC, Split.PUBLIC).images[:24]
    tints = np.random.default_rng(0).uniform(0.4, 1.0, (len(faces), 1, 1, 3))
    return np.round(faces[..., None] * tints).astype(np.uint8)


def test_it_answers_on_pixels_as_the_model_does_on_opencvs_gray(
    compiled: Artifact, pictures: np.ndarray
) -> None:
    request = openvino.Core().compile_model(compiled.path, "CPU").create_infer_request()
    given = np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))
    logits = next(iter(request.infer([given]).values()))
    answers = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    gray = np.stack([cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in pictures])
    with EmotionClassifier.load(MODEL, "openvino") as classifier:
        wanted = classifier.predict(gray)
    np.testing.assert_allclose(answers, wanted, atol=5e-3)
    assert compiled.manifest.temperature == 1.0, "it is in the graph"


def test_the_rest_of_it_is_still_int8(tmp_path: Path) -> None:
    compiled = compile_openvino(resolve_model(MODEL), tmp_path, "bgr")
    kinds = {layer.kind for layer in compiled.not_int8}
    assert kinds == {"Eltwise", "Reduce"}, "the conversion of colours, and no convolution"
    plain = compile_openvino(resolve_model(MODEL), tmp_path)
    assert compiled.precision["int8"] == plain.precision["int8"]


def test_openvinos_model_api_takes_pictures_with_no_more_code(
    compiled: Artifact, pictures: np.ndarray
) -> None:
    models = pytest.importorskip("model_api.models", reason="needs openvino-model-api")
    model = models.Model.create_model(str(compiled.path))
    assert model.params.labels == list(LABELS)
    gray = np.stack([cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in pictures])
    with EmotionClassifier.load(MODEL, "openvino") as classifier:
        wanted = classifier.predict(gray)
    for picture, probabilities in zip(pictures, wanted, strict=True):
        result = model(picture)
        np.testing.assert_allclose(result.raw_scores, probabilities, atol=5e-3)
        assert result.top_labels[0].name == LABELS[probabilities.argmax()]


def test_our_own_session_refuses_it(compiled: Artifact) -> None:
    with pytest.raises(ArtifactError, match="takes a camera's pixels"):
        EmotionClassifier.load(str(compiled.path), "openvino")


def test_the_command(run_cli: RunCli, tmp_path: Path) -> None:
    run = run_cli("compile", MODEL, "--target", "openvino", "--input", "bgr", "--out", tmp_path)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == str(tmp_path / "small.cpu.bgr.xml")
    wrong = run_cli("compile", MODEL, "--target", "tensorrt", "--input", "bgr", "--out", tmp_path)
    assert wrong.returncode == 2
    assert "--input bgr has no meaning for tensorrt" in wrong.stderr
