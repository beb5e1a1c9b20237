"""Engines built for real by TensorRT-RTX, which needs no GPU to build them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.errors import ArtifactError, CompileError
from edge_emotion.export.compile import compile_tensorrt
from tests.backends.classifiers import CONVOLUTIONS, place

runtime = pytest.importorskip(
    "tensorrt_rtx", reason="tensorrt_rtx is not installed: pip install 'edge-emotion[tensorrt-rtx]'"
)


@pytest.fixture
def source(tmp_path: Path) -> Artifact:
    """The ``cpu`` encoding, with the ``tensorrt`` one beside it."""
    place(tmp_path, "tensorrt")
    return place(tmp_path, "cpu")


def test_an_engine_is_built_ahead_of_time(source: Artifact, tmp_path: Path) -> None:
    artifact = compile_tensorrt(source, tmp_path / "engines", ["8.9"]).artifact
    assert artifact.path.name == "classifier.tensorrt.sm89.engine"
    assert artifact.path.stat().st_size > 10_000
    manifest = Artifact.load(artifact.path).manifest
    signed = Artifact.load(source.path.with_name("classifier.tensorrt.onnx"))
    assert manifest.format == "tensorrt_rtx"
    assert manifest.source_sha256 == signed.manifest.sha256
    assert manifest.compute_capability == ("8.9",)
    assert manifest.tools["tensorrt_rtx"] == runtime.__version__
    assert (manifest.precision, manifest.encoding) == ("int8", "tensorrt")


def test_one_engine_for_several_gpus(source: Artifact, tmp_path: Path) -> None:
    artifact = compile_tensorrt(source, tmp_path / "engines", ["8.6", "12.0"]).artifact
    assert artifact.manifest.compute_capability == ("8.6", "12.0")
    assert artifact.path.name == "classifier.tensorrt.sm86-120.engine"


def test_the_audit_finds_every_compute_layer_in_int8(source: Artifact, tmp_path: Path) -> None:
    compiled = compile_tensorrt(source, tmp_path / "engines", ["8.9"])
    kinds = [layer.kind for layer in compiled.layers if layer.precision == "int8"]
    assert kinds.count("CONVOLUTION") == CONVOLUTIONS
    assert kinds.count("MATRIX_MULTIPLY") == 1
    assert compiled.not_int8 == ()


def test_a_float_model_is_built_in_float(tmp_path: Path) -> None:
    compiled = compile_tensorrt(place(tmp_path, "none"), tmp_path / "engines", ["8.9"])
    assert compiled.precision.keys() == {"f32"}
    assert compiled.artifact.manifest.precision == "fp32"


def test_the_cpu_encoding_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="'edge-emotion export' writes both"):
        compile_tensorrt(place(tmp_path, "cpu"), tmp_path / "engines", ["8.9"])
    assert not (tmp_path / "engines").exists()


def test_a_parser_error_is_told_in_one_line(tmp_path: Path) -> None:
    """The unsigned encoding under the signed one's name: a zero point that TensorRT refuses."""
    artifact = place(tmp_path, "cpu")
    mislabelled = Artifact(
        artifact.path, artifact.manifest.model_copy(update={"encoding": "tensorrt"})
    )
    with pytest.raises(CompileError, match=r"cannot parse .*UINT8.* \(node n_t0\)") as refusal:
        compile_tensorrt(mislabelled, tmp_path / "engines", ["8.9"])
    assert "\n" not in str(refusal.value)
    assert list((tmp_path / "engines").iterdir()) == []


@pytest.mark.parametrize("capability", ["3.5", "8", "ada", ""])
def test_an_unknown_gpu_lists_the_known_ones(
    source: Artifact, tmp_path: Path, capability: str
) -> None:
    with pytest.raises(CompileError, match=r"it can for .*8\.9.*; for another GPU, run"):
        compile_tensorrt(source, tmp_path / "engines", [capability])


def test_without_a_gpu_one_must_be_named(source: Artifact, tmp_path: Path) -> None:
    from edge_emotion.backends.gpu import compute_capability

    if compute_capability():
        pytest.skip("this machine has an NVIDIA GPU")
    with pytest.raises(CompileError, match=r"--compute-capability 8\.9"):
        compile_tensorrt(source, tmp_path / "engines")


def test_the_compiler_prints_nothing(
    source: Artifact, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    compile_tensorrt(source, tmp_path / "engines", ["8.9"])
    assert capfd.readouterr() == ("", "")


def test_a_truncated_model_never_reaches_the_compiler(source: Artifact, tmp_path: Path) -> None:
    signed = Artifact.load(source.path.with_name("classifier.tensorrt.onnx"))
    signed.path.write_bytes(signed.path.read_bytes()[:-100])
    with pytest.raises(ArtifactError, match="not a whole ONNX file"):
        compile_tensorrt(signed, tmp_path / "engines", ["8.9"])
