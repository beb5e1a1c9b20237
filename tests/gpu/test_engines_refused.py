"""Engines that a machine with a GPU must not load, and those built to be loaded in more places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_emotion.artifact import Artifact, publish_manifest
from edge_emotion.backends import Backend
from edge_emotion.data import FaceSet
from edge_emotion.errors import ArtifactError, CompileError
from edge_emotion.export.compile import Compatibility, compile_tensorrt
from edge_emotion.jsonio import cache_directory, sha256_of

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize(
    ("traits", "cause"),
    [
        ({"compute_capability": ("3.5",)}, "its compute capabilities are 3.5"),
        ({"tools": {"tensorrt": "1.0.0", "tensorrt_rtx": "1.0.0"}}, "1.0.0, this machine runs"),
    ],
)
def test_an_engine_for_another_platform(
    backend: Backend, copy_of_engine: Artifact, traits: dict[str, Any], cause: str
) -> None:
    manifest = copy_of_engine.manifest.model_copy(update=traits)
    with pytest.raises(ArtifactError, match=f"{cause}.*rebuild it: edge-emotion compile"):
        backend.load(publish_manifest(copy_of_engine.path, manifest))


def test_an_engine_that_was_changed(backend: Backend, copy_of_engine: Artifact) -> None:
    content = bytearray(copy_of_engine.path.read_bytes())
    content[len(content) // 2] ^= 1
    copy_of_engine.path.write_bytes(content)
    with pytest.raises(ArtifactError, match="sha256 differs"):
        backend.load(copy_of_engine)


@pytest.mark.parametrize("kept", [0, 40, 4096])
def test_a_truncated_engine_that_its_manifest_vouches_for(
    backend: Backend, copy_of_engine: Artifact, kept: int
) -> None:
    copy_of_engine.path.write_bytes(copy_of_engine.path.read_bytes()[:kept])
    digest = {"sha256": sha256_of(copy_of_engine.path)}
    manifest = copy_of_engine.manifest.model_copy(update=digest)
    with pytest.raises(ArtifactError, match="TensorRT cannot load"):
        backend.load(publish_manifest(copy_of_engine.path, manifest))


def test_an_engine_where_others_can_write(backend: Backend, copy_of_engine: Artifact) -> None:
    copy_of_engine.path.parent.chmod(0o777)
    with pytest.raises(ArtifactError, match="other users can write"):
        backend.load(copy_of_engine)


@pytest.mark.parametrize(
    "compatibility",
    [Compatibility(version=True), Compatibility(hardware="ampere+")],
    ids=["version", "hardware"],
)
def test_a_compatible_engine_answers_alike(
    backend: Backend,
    model: Artifact,
    engine: Artifact,
    synthetic: FaceSet,
    tmp_path: Path,
    compatibility: Compatibility,
) -> None:
    try:
        built = compile_tensorrt(model, tmp_path, (), compatibility).artifact
    except CompileError as refusal:
        pytest.skip(f"this TensorRT builds none: {refusal}")
    faces = synthetic.images[:100]
    with backend.load(engine) as plain, backend.load(built) as compatible:
        same = plain.infer(faces).argmax(axis=1) == compatible.infer(faces).argmax(axis=1)
    assert np.mean(same) >= 0.99


def test_what_was_learned_is_kept(backend: Backend, engine: Artifact, synthetic: FaceSet) -> None:
    """Timings by TensorRT's builder, kernels by a session of TensorRT-RTX."""
    with backend.load(engine) as session:
        first = session.infer(synthetic.images[:8])
    kind = "timing" if backend.name == "tensorrt" else "kernels"
    (kept,) = (cache_directory() / "tensorrt").glob(f"{kind}-*")
    assert kept.stat().st_size > 0
    with backend.load(engine) as session:
        np.testing.assert_array_equal(session.infer(synthetic.images[:8]), first)
