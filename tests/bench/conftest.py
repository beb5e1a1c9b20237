"""One small benchmark on real runtimes, shared by the tests that read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.bench.plan import plan
from edge_emotion.bench.run import Benchmark, run_benchmark
from edge_emotion.data import SYNTHETIC, Split
from edge_emotion.evaluation.exam import Exam
from tests.backends.classifiers import place


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Artifact]:
    """A classifier in INT8, in both encodings, and in FP32."""
    folder = tmp_path_factory.mktemp("models")
    return [place(folder, "cpu"), place(folder, "tensorrt"), place(folder, "none")]


@pytest.fixture(scope="session")
def exam() -> Exam:
    """The drawn public faces."""
    return Exam.open(SYNTHETIC, Split.PUBLIC, None)


@pytest.fixture(scope="session")
def benchmark(models: list[Artifact], exam: Exam) -> Benchmark:
    """Two models, two real runtimes, two batch sizes and a backend that runs neither."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("openvino")
    variants = plan(models, ("openvino", "onnxruntime", "torch"), (1,), (1, 8))
    return run_benchmark(variants, exam, 0.1, lambda _: None)


@pytest.fixture
def broken(tmp_path: Path) -> Artifact:
    """A file whose manifest vouches for it, and that no runtime can read."""
    path = tmp_path / "broken.onnx"
    artifact = place(tmp_path, "cpu")
    path.write_bytes(artifact.path.read_bytes()[:500])
    return Artifact(path, artifact.manifest.model_copy(update={"name": "broken"}))
