"""A model and its engine, on a machine that can run one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edge_emotion.artifact import Artifact, manifest_path, resolve_model
from edge_emotion.backends import Backend, get_backend
from edge_emotion.export.compile import compile_tensorrt


@pytest.fixture(scope="session")
def backend() -> Backend:
    """TensorRT, or TensorRT-RTX where only that can run."""
    backends = [get_backend(name) for name in ("tensorrt", "tensorrt-rtx")]
    reasons = [candidate.unavailable_reason() for candidate in backends]
    if all(reasons):
        pytest.skip("; ".join(filter(None, reasons)))
    return backends[reasons.index(None)]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The shipped INT8 model in TensorRT's encoding alone, so that every runtime takes that one."""
    encoded = resolve_model("small").sibling("tensorrt")
    assert encoded is not None
    folder = tmp_path_factory.mktemp("model")
    for path in (encoded.path, manifest_path(encoded.path)):
        shutil.copy(path, folder)
    return Artifact.load(folder / encoded.path.name)


@pytest.fixture(scope="session")
def engine(backend: Backend, model: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The model compiled for this machine's GPU."""
    artifact = compile_tensorrt(model, tmp_path_factory.mktemp("engines")).artifact
    assert artifact.manifest.format in backend.formats
    return artifact


@pytest.fixture
def copy_of_engine(engine: Artifact, tmp_path: Path) -> Artifact:
    """The engine in a folder of its own, to be damaged."""
    for path in (engine.path, manifest_path(engine.path)):
        shutil.copy(path, tmp_path)
    return Artifact.load(tmp_path / engine.path.name)
