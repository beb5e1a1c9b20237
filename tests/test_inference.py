"""The public Python door: classify crops, read whole pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edge_emotion
from edge_emotion import EmotionClassifier, FacePipeline
from edge_emotion.artifact import DEFAULT_MODEL, publish_manifest, read_manifest
from edge_emotion.camera.clip import HOPPER
from edge_emotion.emotions import Emotion
from edge_emotion.errors import ArtifactError, UsageError
from edge_emotion.vision.image import read_image

FACES = np.random.default_rng(0).integers(0, 256, (5, 48, 48), dtype=np.uint8)


def test_shipped_model_gives_probabilities() -> None:
    with EmotionClassifier.load() as classifier:
        probabilities = classifier.predict(FACES)
        assert classifier.manifest.name == DEFAULT_MODEL
        assert classifier.predict(FACES[:0]).shape == (0, 7)
    assert probabilities.shape == (5, 7)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_temperature_of_the_manifest_is_applied(model: Path, tmp_path: Path) -> None:
    path = tmp_path / model.name
    path.write_bytes(model.read_bytes())
    publish_manifest(path, read_manifest(model).model_copy(update={"temperature": 1e6}))
    with EmotionClassifier.load(str(path)) as classifier:
        np.testing.assert_allclose(classifier.predict(FACES), 1 / 7, atol=1e-4)


def test_pipeline_reads_a_portrait(model: Path) -> None:
    with FacePipeline(str(model), detector="haar") as pipeline:
        (face,) = pipeline(read_image(HOPPER))
    assert face.probabilities[face.emotion] == face.probability == max(face.probabilities.values())
    assert set(face.probabilities) == set(Emotion)


@pytest.mark.parametrize("shape", [(10, 10), (10, 10, 1), (0, 10, 3)])
def test_pipeline_refuses_what_is_no_picture(model: Path, shape: tuple[int, ...]) -> None:
    pipeline = FacePipeline(str(model), detector="none")
    with pipeline, pytest.raises(UsageError, match="a picture"):
        pipeline(np.zeros(shape, np.uint8))


def test_unknown_model_lists_the_known() -> None:
    with pytest.raises(ArtifactError, match="small"):
        EmotionClassifier.load("huge")


def test_package_gives_only_what_it_promises() -> None:
    assert edge_emotion.__version__
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        edge_emotion.nonsense  # noqa: B018
