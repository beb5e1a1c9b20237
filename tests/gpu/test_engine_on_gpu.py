"""An engine on the GPU that it was compiled for."""

from __future__ import annotations

import numpy as np
import pytest

from edge_emotion.artifact import Artifact, resolve_model
from edge_emotion.backends import Backend, Logits, get_backend
from edge_emotion.backends.tensorrt import TensorRTBackend
from edge_emotion.backends.tensorrt_batch import StreamBatch
from edge_emotion.backends.tensorrt_contexts import CompiledContexts
from edge_emotion.data import FaceSet
from edge_emotion.export.compile import compile_tensorrt

pytestmark = pytest.mark.gpu

BATCHES = (1, 8, 32)
AGREEMENT = 0.99
"""Share of faces that two runtimes must give the same class."""


class _PlainContexts(CompiledContexts):
    batch_type = StreamBatch


class _PlainTensorRT(TensorRTBackend):
    """TensorRT without CUDA graphs."""

    contexts = _PlainContexts


@pytest.fixture(scope="module")
def reference(model: Artifact, synthetic: FaceSet) -> Logits:
    """What ONNX Runtime gives for the drawn faces."""
    backend = get_backend("onnxruntime")
    reason = backend.unavailable_reason()
    if reason:
        pytest.skip(reason)
    with backend.load(model) as session:
        return session.infer(synthetic.images)


@pytest.mark.parametrize("batch", BATCHES)
def test_it_agrees_with_onnx_runtime_at_every_batch_size(
    backend: Backend, engine: Artifact, synthetic: FaceSet, reference: Logits, batch: int
) -> None:
    faces = synthetic.images[: len(synthetic.images) // batch * batch]
    with backend.load(engine) as session:
        parts = [session.infer(faces[i : i + batch]) for i in range(0, len(faces), batch)]
    logits = np.concatenate(parts)
    expected = reference[: len(faces)]
    assert np.mean(logits.argmax(axis=1) == expected.argmax(axis=1)) >= AGREEMENT
    assert np.median(np.abs(logits - expected)) < 0.05


def test_a_face_does_not_depend_on_its_neighbours(
    backend: Backend, engine: Artifact, synthetic: FaceSet
) -> None:
    """Every count of faces up to the largest batch and past it, padded or not."""
    faces = synthetic.images[:70]
    with backend.load(engine) as session:
        whole = session.infer(faces)
        for count in (1, 2, 3, 5, 8, 9, 17, 31, 32, 33, 64, 65):
            np.testing.assert_allclose(session.infer(faces[:count]), whole[:count], atol=0.05)


@pytest.mark.parametrize("batch", BATCHES)
def test_a_cuda_graph_gives_what_plain_execution_gives(
    backend: Backend, engine: Artifact, synthetic: FaceSet, batch: int
) -> None:
    if backend.name != "tensorrt":
        pytest.skip("TensorRT-RTX captures its graphs itself")
    with _PlainTensorRT().load(engine) as plain, TensorRTBackend().load(engine) as graph:
        for start in range(0, 4 * batch, batch):  # the second of four is the first replay
            faces = synthetic.images[start : start + batch]
            np.testing.assert_array_equal(graph.infer(faces), plain.infer(faces))


def test_changing_batch_sizes_keep_their_graphs(
    backend: Backend, engine: Artifact, synthetic: FaceSet
) -> None:
    random = np.random.default_rng(1)
    with backend.load(engine) as session:
        whole = session.infer(synthetic.images[:64])
        for _ in range(200):
            start, count = random.integers(0, 32), random.integers(1, 33)
            logits = session.infer(synthetic.images[start : start + count])
            np.testing.assert_allclose(logits, whole[start : start + count], atol=0.05)


def test_two_sessions_do_not_disturb_each_other(
    backend: Backend, engine: Artifact, synthetic: FaceSet
) -> None:
    faces = synthetic.images[:8]
    with backend.load(engine) as first:
        alone = [first.infer(faces) for _ in range(3)][-1]
        with backend.load(engine) as second:
            for _ in range(3):
                np.testing.assert_array_equal(first.infer(faces), second.infer(faces))
        np.testing.assert_array_equal(first.infer(faces), alone)


def test_the_inspector_lists_int8_kernels(backend: Backend, engine: Artifact) -> None:
    """On failure the message holds every layer, which is what the audit would have shown."""
    with backend.load(engine) as session:
        layers = session.info().layers
    weighted = [
        layer
        for layer in layers
        if layer.computes and any(w in layer.kind.lower() for w in ("conv", "corr", "gemm"))
    ]
    assert weighted, layers
    assert {layer.precision for layer in weighted} == {"int8"}, layers


def test_a_floating_point_model_agrees_too(
    backend: Backend, synthetic: FaceSet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = resolve_model("small-fp32")
    built = compile_tensorrt(source, tmp_path_factory.mktemp("float")).artifact
    other = get_backend("onnxruntime")
    if other.unavailable_reason():
        pytest.skip(str(other.unavailable_reason()))
    with backend.load(built) as session, other.load(source) as expected:
        ours, theirs = session.infer(synthetic.images), expected.infer(synthetic.images)
    assert np.mean(ours.argmax(axis=1) == theirs.argmax(axis=1)) >= AGREEMENT
