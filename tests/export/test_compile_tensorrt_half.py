"""A model exported in float16 stays float16 in a strongly typed engine."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("tensorrt_rtx", reason="tensorrt_rtx is not installed")
torch = pytest.importorskip("torch", reason="torch is not installed")

pytestmark = pytest.mark.train


def test_float16_is_what_the_casts_say(tmp_path: Path) -> None:
    from edge_emotion.artifact import publish_manifest
    from edge_emotion.export.compile import compile_tensorrt
    from edge_emotion.export.onnx import half_precision, to_onnx
    from edge_emotion.models import build_network
    from tests.backends.classifiers import describe

    path = tmp_path / "classifier.onnx"
    path.write_bytes(to_onnx(half_precision(build_network("small").eval())).SerializeToString())
    manifest = describe(path, "none").model_copy(update={"precision": "fp16"})
    compiled = compile_tensorrt(publish_manifest(path, manifest), tmp_path / "engines", ["8.9"])
    assert compiled.precision.keys() == {"f16"}
    last = [layer for layer in compiled.layers if layer.kind == "CAST"][-1]
    assert last.precision == "f32", "logits"
    assert compiled.artifact.manifest.precision == "fp16"
