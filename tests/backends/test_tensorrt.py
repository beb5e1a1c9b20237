"""Running an engine: for machines with an NVIDIA GPU and TensorRT."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.backends import get_backend
from edge_emotion.export.tensorrt import BATCHES, compile_tensorrt
from tests.backends.classifiers import random_faces

pytestmark = pytest.mark.gpu


@pytest.fixture
def engine(int8: Artifact, tmp_path: Path) -> Artifact:
    reasons = [get_backend(name).unavailable_reason() for name in ("tensorrt", "tensorrt-rtx")]
    if all(reasons):
        pytest.skip("; ".join(filter(None, reasons)))
    return compile_tensorrt(int8, tmp_path / "engines").artifact


def test_an_engine_answers_like_the_model_it_was_built_from(
    engine: Artifact, fp32: Artifact
) -> None:
    faces = random_faces(BATCHES[-1] + 5)
    backend = get_backend(engine.manifest.format.replace("_", "-"))
    with backend.load(engine) as session, get_backend("onnxruntime").load(fp32) as reference:
        logits = session.infer(faces)
        expected = reference.infer(faces)
        single = session.infer(faces[:1])
        assert session.info().runtime.startswith(engine.manifest.format)
    assert np.mean(logits.argmax(axis=1) == expected.argmax(axis=1)) >= 0.95
    np.testing.assert_allclose(single, logits[:1], atol=0.05)
