"""Engines built for real by TensorRT-RTX, which needs no GPU to build them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from edge_emotion.artifact import Artifact, publish_manifest
from edge_emotion.errors import ArtifactError, CompileError
from edge_emotion.export.compile import Compatibility, compile_tensorrt
from edge_emotion.export.tensorrt import PROFILES
from tests.backends.classifiers import CONVOLUTIONS, place

runtime = pytest.importorskip(
    "tensorrt_rtx", reason="tensorrt_rtx is not installed: pip install 'edge-emotion[tensorrt-rtx]'"
)

QUANTISERS = 5
"""Of activations: the picture, the stem, inside the block, the block and the pool."""
ACCELERATORS = re.compile(rb"accelerators=\{([^}]*?) ?\}")


def plan(artifact: Artifact) -> bytes:
    """An engine's content, as the runtime reads it."""
    return artifact.path.read_bytes()


@pytest.fixture
def source(tmp_path: Path) -> Artifact:
    """The ``cpu`` encoding, with the ``tensorrt`` one beside it, which has a temperature."""
    signed = place(tmp_path, "tensorrt")
    publish_manifest(signed.path, signed.manifest.model_copy(update={"temperature": 0.75}))
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
    assert manifest.temperature == signed.manifest.temperature == 0.75


def test_one_engine_for_several_gpus(source: Artifact, tmp_path: Path) -> None:
    artifact = compile_tensorrt(source, tmp_path / "engines", ["8.6", "12.0"]).artifact
    assert artifact.manifest.compute_capability == ("8.6", "12.0")
    assert artifact.path.name == "classifier.tensorrt.sm86-120.engine"


def test_every_gpu_named_is_built_for(source: Artifact, tmp_path: Path) -> None:
    twice = compile_tensorrt(source, tmp_path / "twice", ["8.6", "8.6"]).artifact
    every = compile_tensorrt(source, tmp_path / "all", ["8.0", "8.6", "8.9", "12.0"]).artifact
    assert twice.manifest.compute_capability == ("8.6",)
    targets = {
        name: ACCELERATORS.findall(plan(item)) for name, item in (("1", twice), ("4", every))
    }
    assert {name: set(found) for name, found in targets.items()} == {
        "1": {b"sm86"},
        "4": {b"sm80 sm86 sm89 sm120"},
    }


def test_three_profiles_for_one_a_few_and_many_faces(source: Artifact, tmp_path: Path) -> None:
    built = compile_tensorrt(source, tmp_path / "engines", ["8.9"]).artifact
    bounds = re.findall(rb"index 0 is out of bounds \[(\d+), (\d+)\]", plan(built))
    assert sorted({tuple(map(int, pair)) for pair in bounds}) == [(2, 8), (9, 32)]
    assert [profile[::2] for profile in PROFILES] == [(1, 1), (2, 8), (9, 32)]
    assert len(ACCELERATORS.findall(plan(built))) == len(PROFILES)


def test_the_audit_finds_every_compute_layer_in_int8(source: Artifact, tmp_path: Path) -> None:
    compiled = compile_tensorrt(source, tmp_path / "engines", ["8.9"])
    kinds = [layer.kind for layer in compiled.layers if layer.precision == "int8"]
    assert kinds.count("CONVOLUTION") == CONVOLUTIONS
    assert kinds.count("MATRIX_MULTIPLY") == 1
    assert compiled.not_int8 == ()


def test_the_audit_lists_every_layer_and_every_conversion(source: Artifact, tmp_path: Path) -> None:
    layers = compile_tensorrt(source, tmp_path / "engines", ["8.9"]).layers
    roles = Counter((layer.kind, layer.precision, layer.role) for layer in layers)
    assert roles["QUANTIZE", "int8", "convert"] == QUANTISERS
    assert roles["DEQUANTIZE", "f32", "convert"] == QUANTISERS
    assert roles["CAST", "f32", "convert"] == 1, "the bytes of the picture"
    assert not any(layer.kind == "CONSTANT" for layer in layers)


def test_the_kernels_read_integers(source: Artifact, tmp_path: Path) -> None:
    """Read from the engine itself: its inspector needs a GPU, but its plan is half text."""
    text = plan(compile_tensorrt(source, tmp_path / "engines", ["8.9"]).artifact).decode("latin-1")
    types = dict(re.findall(r'tensor={ [^\n]*?name="([^"]+)"[^\n]*? type=(\w+) }', text))
    inputs = re.findall(r'corrltn={ name="[^"]+" output=\S+ } input={"([^"]+)"', text)
    if not inputs:
        pytest.skip(f"TensorRT-RTX {runtime.__version__} writes its plan in another way")
    assert len(inputs) == CONVOLUTIONS * len(PROFILES)
    assert {types[name] for name in inputs} == {"int8"}


def test_no_timings_are_kept_where_nothing_is_timed(
    source: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_EMOTION_CACHE", str(tmp_path / "cache"))
    compile_tensorrt(source, tmp_path / "engines", ["8.9"])
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("compatibility", "cause"),
    [
        (Compatibility(version=True), "leave --version-compatible out"),
        (Compatibility(hardware="ampere+"), "leave --hardware-compatibility out, and repeat"),
        (Compatibility(hardware="same-cc"), "leave --hardware-compatibility out, and repeat"),
    ],
)
def test_tensorrt_rtx_has_no_compatibility(
    source: Artifact, tmp_path: Path, compatibility: Compatibility, cause: str
) -> None:
    with pytest.raises(CompileError, match=cause):
        compile_tensorrt(source, tmp_path / "engines", ["8.9"], compatibility)
    assert not (tmp_path / "engines").exists()


def test_a_float_model_is_built_in_float(tmp_path: Path) -> None:
    compiled = compile_tensorrt(place(tmp_path, "none"), tmp_path / "engines", ["8.9"])
    assert compiled.precision.keys() == {"f32"}
    assert compiled.artifact.manifest.precision == "fp32"


def test_a_gpu_that_cannot_run_the_model_is_named(source: Artifact, tmp_path: Path) -> None:
    with pytest.raises(CompileError, match=r"built no engine .*\(SM75\).*; when it names one of"):
        compile_tensorrt(source, tmp_path / "engines", ["7.5", "8.9"])
    assert list((tmp_path / "engines").iterdir()) == []


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
