from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.backends import get_backend
from edge_emotion.errors import ArtifactError, CompileError
from edge_emotion.export.compile import compile_openvino
from tests.backends.classifiers import CONVOLUTIONS, place, random_faces

pytest.importorskip("openvino", reason="openvino is not installed")


@pytest.fixture
def source(tmp_path: Path) -> Artifact:
    place(tmp_path, "tensorrt")
    return place(tmp_path, "cpu")


def test_the_ir_loads_verified_and_answers_like_its_source(
    source: Artifact, tmp_path: Path
) -> None:
    compiled = compile_openvino(source, tmp_path / "ir").artifact
    faces = random_faces(9)
    backend = get_backend("openvino")
    with (
        backend.load(source) as onnx,
        backend.load(Artifact.load(compiled.path)) as ir,
    ):
        np.testing.assert_allclose(ir.infer(faces), onnx.infer(faces), atol=1e-5)
        np.testing.assert_allclose(ir.infer(faces[:1]), onnx.infer(faces[:1]), atol=1e-5)


def test_the_manifest_tells_where_it_comes_from(source: Artifact, tmp_path: Path) -> None:
    artifact = compile_openvino(source, tmp_path / "ir").artifact
    manifest = artifact.manifest
    assert manifest.format == "openvino"
    assert manifest.name == source.manifest.name
    assert manifest.source_sha256 == source.manifest.sha256
    assert manifest.companions.keys() == {"classifier.cpu.bin"}
    assert manifest.accuracy == ()
    assert "openvino" in manifest.tools
    assert sorted(path.name for path in (tmp_path / "ir").iterdir()) == [
        "classifier.cpu.bin",
        "classifier.cpu.xml",
        "classifier.cpu.xml.json",
    ]
    xml, weights = artifact.path, artifact.path.with_suffix(".bin")
    assert artifact.file_bytes == xml.stat().st_size + weights.stat().st_size


def test_compiling_twice_replaces(source: Artifact, tmp_path: Path) -> None:
    first = compile_openvino(source, tmp_path / "ir").artifact
    second = compile_openvino(source, tmp_path / "ir").artifact
    assert first.path == second.path
    assert Artifact.load(second.path).manifest == second.manifest


def test_the_cpu_encoding_is_taken(source: Artifact, tmp_path: Path) -> None:
    signed = Artifact.load(source.path.with_name("classifier.tensorrt.onnx"))
    assert compile_openvino(signed, tmp_path / "ir").artifact.manifest.encoding == "cpu"


def test_the_audit_finds_every_layer_of_a_quantised_model_in_int8(
    source: Artifact, tmp_path: Path
) -> None:
    compiled = compile_openvino(source, tmp_path / "ir")
    kinds = [layer.kind for layer in compiled.layers if layer.precision == "int8"]
    assert kinds.count("Convolution") == CONVOLUTIONS
    assert kinds.count("FullyConnected") == 1
    assert compiled.not_int8 == ()
    assert compiled.precision.keys() == {"int8"}


def test_the_audit_of_a_float_model_finds_none(tmp_path: Path) -> None:
    compiled = compile_openvino(place(tmp_path, "none"), tmp_path / "ir")
    assert compiled.precision.keys() == {"f32"}
    assert len(compiled.not_int8) >= CONVOLUTIONS


def test_a_weight_file_that_was_changed_is_refused(source: Artifact, tmp_path: Path) -> None:
    artifact = compile_openvino(source, tmp_path / "ir").artifact
    weights = artifact.path.with_suffix(".bin")
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(ArtifactError, match="sha256 differs"):
        Artifact.load(artifact.path)


def test_an_ir_that_is_no_such_classifier_is_refused(source: Artifact, tmp_path: Path) -> None:
    artifact = compile_openvino(source, tmp_path / "ir").artifact
    renamed = artifact.manifest.model_copy(update={"output": "probabilities"})
    with pytest.raises(ArtifactError, match="probabilities"):
        get_backend("openvino").load(Artifact(artifact.path, renamed))


def test_what_openvino_refuses_leaves_nothing(source: Artifact, tmp_path: Path) -> None:
    source.path.write_bytes(source.path.read_bytes().replace(b"\x04Conv", b"\x04Cenv"))
    with pytest.raises(CompileError, match=r"cannot convert .*classifier\.cpu\.onnx") as refusal:
        compile_openvino(source, tmp_path / "ir")
    assert "\n" not in str(refusal.value)
    assert list((tmp_path / "ir").iterdir()) == []


def test_an_ir_cannot_be_compiled_again(source: Artifact, tmp_path: Path) -> None:
    artifact = compile_openvino(source, tmp_path / "ir").artifact
    with pytest.raises(ArtifactError, match="no ONNX model"):
        compile_openvino(artifact, tmp_path / "again")
    assert not (tmp_path / "again").exists()
