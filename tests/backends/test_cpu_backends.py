"""What every CPU backend owes its callers, on the real runtimes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.backends import Backend, LoadOptions, get_backend
from edge_emotion.backends.base import Mode
from edge_emotion.errors import ArtifactError, BackendError
from tests.backends.classifiers import asset, place, random_faces


@pytest.fixture(params=["openvino", "onnxruntime"])
def backend(request: pytest.FixtureRequest) -> Backend:
    found = get_backend(request.param)
    reason = found.unavailable_reason()
    if reason:
        pytest.skip(reason)
    return found


def test_logits_are_float32_rows_of_seven(backend: Backend, int8: Artifact) -> None:
    with backend.load(int8) as session:
        for count in (1, 3, 1, 8):
            logits = session.infer(random_faces(count))
            assert logits.shape == (count, 7)
            assert logits.dtype == np.float32


def test_a_face_gets_the_same_logits_in_any_batch(backend: Backend, int8: Artifact) -> None:
    faces = random_faces(9)
    with backend.load(int8) as session:
        batched = session.infer(faces)
        single = np.concatenate([session.infer(face[None]) for face in faces])
    np.testing.assert_allclose(batched, single, atol=1e-5)
    assert np.ptp(batched, axis=0).max() > 0.1, "the faces should not all look alike"


def test_the_logits_belong_to_the_caller(backend: Backend, fp32: Artifact) -> None:
    dark, bright = np.zeros((1, 48, 48), np.uint8), np.full((1, 48, 48), 255, np.uint8)
    with backend.load(fp32) as session:
        first = session.infer(dark)
        kept = first.copy()
        second = session.infer(bright)
        assert not np.allclose(first, second)
        np.testing.assert_array_equal(first, kept)
        first[:] = 0
        np.testing.assert_array_equal(session.infer(dark), kept)
    np.testing.assert_array_equal(kept[0].shape, (7,))


def test_faces_that_are_not_contiguous(backend: Backend, fp32: Artifact) -> None:
    faces = random_faces(4)
    with backend.load(fp32) as session:
        np.testing.assert_array_equal(
            session.infer(faces[:, ::-1, ::-1]), session.infer(faces[:, ::-1, ::-1].copy())
        )


def test_quantised_answers_are_those_of_the_float_model(
    backend: Backend, int8: Artifact, fp32: Artifact
) -> None:
    faces = random_faces(64)
    with backend.load(int8) as quantised, backend.load(fp32) as floating:
        ours, reference = quantised.infer(faces), floating.infer(faces)
    assert np.mean(ours.argmax(axis=1) == reference.argmax(axis=1)) >= 0.95
    assert len(np.unique(reference.argmax(axis=1))) > 1


def test_the_encoding_that_suits_the_cpu_is_chosen(backend: Backend, int8: Artifact) -> None:
    given_the_other = Artifact.load(int8.path.with_name(asset("tensorrt").name))
    with backend.load(given_the_other) as session:
        assert session.artifact.manifest.encoding == "cpu"


def test_a_model_without_the_preferred_encoding_still_runs(
    backend: Backend, tmp_path: Path
) -> None:
    with backend.load(place(tmp_path, "tensorrt")) as session:
        assert session.artifact.manifest.encoding == "tensorrt"
        assert session.infer(random_faces(2)).shape == (2, 7)


def test_info_tells_the_threads_that_were_asked_for(backend: Backend, int8: Artifact) -> None:
    with backend.load(int8, LoadOptions(threads=1)) as session:
        assert session.info().threads == 1
        assert session.info().backend == backend.name
    with backend.load(int8) as session:
        assert session.info().threads == len(os.sched_getaffinity(0))


def test_precision_is_that_of_the_executed_layers(
    backend: Backend, int8: Artifact, fp32: Artifact
) -> None:
    with backend.load(int8) as session:
        precision = session.info().precision
        # Three convolutions and the pooling or the residual addition.
        assert precision["int8"] >= 4
    with backend.load(fp32) as session:
        for count in (1, 8):
            session.infer(random_faces(count))
            assert set(session.info().precision) == {"f32"}


def test_layers_tell_what_computes_and_what_only_converts(
    backend: Backend, int8: Artifact, fp32: Artifact
) -> None:
    for artifact in (int8, fp32):
        with backend.load(artifact) as session:
            layers = session.info().layers
        computing = [layer for layer in layers if "Conv" in layer.kind]
        assert len(computing) == 3
        assert all(layer.computes for layer in computing)
        assert not {"Const", "Constant", "Input"} & {layer.kind for layer in layers}
    # In floating point, the bytes of the picture must be converted.
    assert any(layer.role == "convert" for layer in layers)


def test_a_closed_session_says_so(backend: Backend, int8: Artifact) -> None:
    session = backend.load(int8)
    session.close()
    session.close()
    with pytest.raises(BackendError, match="closed"):
        session.infer(random_faces(1))


@pytest.mark.parametrize(
    "faces",
    [
        np.zeros((0, 48, 48), np.uint8),
        np.zeros((48, 48), np.uint8),
        np.zeros((1, 48, 47), np.uint8),
        np.zeros((1, 1, 48, 48), np.uint8),
        np.zeros((1, 48, 48), np.float32),
    ],
)
def test_other_arrays_are_refused(backend: Backend, int8: Artifact, faces: np.ndarray) -> None:
    with (
        backend.load(int8) as session,
        pytest.raises(BackendError, match="faces must be uint8"),
    ):
        session.infer(faces)


def test_a_graph_that_the_runtime_cannot_run(backend: Backend, int8: Artifact) -> None:
    """The same length, so that the container is intact: only the runtime knows it has no Cenv."""
    broken = int8.path.read_bytes().replace(b"\x04Conv", b"\x04Cenv")
    int8.path.write_bytes(broken)
    with pytest.raises(BackendError, match=r"refused .*classifier\.cpu\.onnx") as refusal:
        backend.load(int8)
    assert "\n" not in str(refusal.value)


def test_an_engine_is_not_for_the_cpu(backend: Backend, int8: Artifact) -> None:
    engine = Artifact(int8.path, int8.manifest.model_copy(update={"format": "tensorrt"}))
    with pytest.raises(ArtifactError, match="it takes: onnx"):
        backend.load(engine)


def test_the_runtimes_agree(fp32: Artifact, int8: Artifact) -> None:
    openvino, onnxruntime = get_backend("openvino"), get_backend("onnxruntime")
    for backend in (openvino, onnxruntime):
        if reason := backend.unavailable_reason():
            pytest.skip(reason)
    faces = random_faces(32)
    for artifact, tolerance in ((fp32, 1e-4), (int8, 0.05)):
        with openvino.load(artifact) as one, onnxruntime.load(artifact) as other:
            np.testing.assert_allclose(one.infer(faces), other.infer(faces), atol=tolerance)


class TestOpenVINO:
    """What only OpenVINO has."""

    @pytest.fixture(autouse=True)
    def needs_openvino(self) -> None:
        pytest.importorskip("openvino", reason="openvino is not installed")

    def test_every_layer_of_either_encoding_runs_in_int8(self, tmp_path: Path) -> None:
        for encoding in ("cpu", "tensorrt"):
            folder = tmp_path / encoding
            folder.mkdir()
            with get_backend("openvino").load(place(folder, encoding)) as session:  # type: ignore[arg-type]
                assert set(session.info().precision) == {"int8"}

    def test_on_arm_the_quantised_graph_runs_as_it_is_written(
        self, int8: Artifact, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        faces = random_faces(32)
        with get_backend("openvino").load(int8) as session:
            integers = session.infer(faces)
        monkeypatch.setattr("platform.machine", lambda: "aarch64")
        with get_backend("openvino").load(int8) as session:
            floats = session.infer(faces)
            layers = session.info().layers
        assert {each.precision for each in layers if each.kind == "Convolution"} == {"f32"}
        np.testing.assert_allclose(floats, integers, atol=0.1)

    @pytest.mark.parametrize("mode", ["latency", "throughput"])
    def test_threads_are_not_pinned(self, int8: Artifact, mode: Mode) -> None:
        """Pinned, two processes of one thread share the first core and leave the others idle."""
        with get_backend("openvino").load(int8, LoadOptions(threads=1, mode=mode)) as session:
            compiled = session._single.compiled  # type: ignore[attr-defined]
            assert compiled.get_property("ENABLE_CPU_PINNING") is False

    def test_float_layers_compute_in_the_precision_that_was_asked_for(self, fp32: Artifact) -> None:
        cpu = (
            pytest.importorskip("openvino").Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        )
        if "BF16" not in cpu:
            pytest.skip("this CPU has no bfloat16")
        options = LoadOptions(inference_precision="bf16")
        with get_backend("openvino").load(fp32, options) as session:
            assert session.info().precision["bf16"] >= 3


class TestOnnxRuntime:
    """What only ONNX Runtime shows."""

    def test_signed_activations_stay_in_floating_point(self, tmp_path: Path) -> None:
        """Why the ``cpu`` encoding exists; when this fails, it may have become superfluous."""
        pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
        with get_backend("onnxruntime").load(place(tmp_path, "tensorrt")) as session:
            assert session.info().precision["f32"] >= 3
