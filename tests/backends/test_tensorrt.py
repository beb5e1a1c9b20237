"""How a session uses TensorRT and CUDA, on stand-ins for both; real ones are in tests/gpu."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.backends import cuda, engine_cache
from edge_emotion.backends import tensorrt as adapter
from edge_emotion.backends.base import Faces, Session
from edge_emotion.backends.engine_cache import EngineCache
from edge_emotion.backends.tensorrt_batch import run_size
from edge_emotion.backends.tensorrt_contexts import JitContexts
from edge_emotion.errors import BackendError
from edge_emotion.export.tensorrt import PROFILES
from tests.backends.classifiers import random_faces
from tests.backends.standin_gpu import StandInCuda, StandInEngine, StandInTRT


@dataclass
class Machine:
    """A machine with stand-ins, and an engine built for it."""

    cuda: StandInCuda
    engine: StandInEngine
    runtime: StandInTRT
    artifact: Artifact

    def load(self) -> Session:
        return adapter.TensorRTBackend().load(self.artifact)


def machine(int8: Artifact, patch: pytest.MonkeyPatch, **traits: bool) -> Machine:
    """Put the stand-ins where the adapter imports the real ones."""
    gpu = StandInCuda(integrated=traits.get("integrated", False))
    engine = StandInEngine(gpu, PROFILES, traits.get("capturable", True))
    runtime = StandInTRT(engine)
    patch.setattr(cuda, "unavailable_reason", lambda: None)
    patch.setattr(cuda, "import_runtime", lambda *_: gpu)
    patch.setattr(adapter, "import_runtime", lambda *_: runtime)
    patch.setattr(adapter, "missing", lambda *_: None)
    patch.setattr(adapter, "compute_capability", lambda: "8.7")
    built = {
        "format": "tensorrt",
        "encoding": "tensorrt",
        "tools": {"tensorrt": runtime.__version__},
        "compute_capability": ("8.7",),
        "version_compatible": traits.get("version_compatible", False),
    }
    int8.path.parent.chmod(0o755)
    artifact = Artifact(int8.path, int8.manifest.model_copy(update=built))
    return Machine(gpu, engine, runtime, artifact)


@pytest.fixture
def here(int8: Artifact, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return machine(int8, monkeypatch)


def expected(faces: Faces) -> np.ndarray:
    means = faces.reshape(len(faces), -1).mean(axis=1, keepdims=True)
    return (means + np.arange(7)).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 9, 32, 33, 70])
def test_every_count_of_faces_gets_its_own_logits(here: Machine, count: int) -> None:
    with here.load() as session:
        for seed in range(3):  # plainly, then twice from the graph
            faces = np.roll(random_faces(count), seed, axis=0)
            np.testing.assert_allclose(session.infer(faces), expected(faces), rtol=1e-5)


def test_a_result_is_not_overwritten_by_the_next(here: Machine) -> None:
    first, second = random_faces(2)[:1], random_faces(2)[1:]
    with here.load() as session:
        kept = session.infer(first)
        session.infer(second)
    np.testing.assert_allclose(kept, expected(first), rtol=1e-5)


@pytest.mark.parametrize(("count", "size"), [(1, 1), (3, 4), (5, 8), (17, 32), (32, 32)])
def test_a_batch_runs_at_the_next_size(count: int, size: int) -> None:
    assert run_size(count, 32) == size
    assert run_size(count, 24) == min(size, 24)


def test_a_graph_is_captured_once_for_each_size_after_a_plain_run(here: Machine) -> None:
    with here.load() as session:
        here.cuda.calls.clear()
        session.infer(random_faces(1))
        assert here.cuda.calls == [
            "cudaStreamSynchronize",
            *("cudaMemcpyAsync", "execute", "cudaMemcpyAsync", "cudaStreamSynchronize"),
            "cudaStreamBeginCapture",
            *("cudaMemcpyAsync", "execute", "cudaMemcpyAsync"),
            *("cudaStreamEndCapture", "cudaGraphInstantiate", "cudaGraphDestroy"),
        ]
        here.cuda.calls.clear()
        session.infer(random_faces(1))
        assert here.cuda.calls == ["cudaGraphLaunch", "cudaStreamSynchronize"]
        for count in (3, 4, 1, 3):  # another size leaves the first one's graph valid
            session.infer(random_faces(count))
        assert here.cuda.calls.count("cudaStreamBeginCapture") == 1


def test_every_size_has_its_profile_and_a_context_that_stays_as_it_was(here: Machine) -> None:
    with here.load() as session:
        for count in (1, 8, 32, 1, 2, 16):
            session.infer(random_faces(count))
    chosen = [(context.rows, context.profile) for context in here.engine.contexts]
    assert chosen == [(1, 0), (8, 1), (32, 2), (2, 1), (16, 2)]
    assert {context.scratch for context in here.engine.contexts} == {
        here.engine.contexts[0].scratch
    }
    assert {context.nvtx_verbosity for context in here.engine.contexts} == {"NONE"}


def test_an_engine_that_cannot_be_captured_runs_plainly(
    int8: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = machine(int8, monkeypatch, capturable=False)
    faces = random_faces(1)
    with here.load() as session:
        for _ in range(3):
            np.testing.assert_allclose(session.infer(faces), expected(faces), rtol=1e-5)
    assert here.cuda.calls.count("cudaStreamBeginCapture") == 1
    assert "cudaGraphLaunch" not in here.cuda.calls
    assert here.cuda.graphs == {}


def test_an_integrated_gpu_reads_the_hosts_memory(
    int8: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = machine(int8, monkeypatch, integrated=True)
    with here.load() as session:
        for count in (1, 5, 1, 5):
            faces = random_faces(count)
            np.testing.assert_allclose(session.infer(faces), expected(faces), rtol=1e-5)
    assert "cudaMemcpyAsync" not in here.cuda.calls


def test_closing_releases_everything(here: Machine) -> None:
    session = here.load()
    for count in (1, 4):
        session.infer(random_faces(count))
    assert here.cuda.memory
    assert here.cuda.graphs
    session.close()
    assert here.cuda.memory == {}
    assert here.cuda.graphs == {}
    assert here.cuda.calls.count("cudaStreamDestroy") == 1


def test_a_failed_load_releases_everything(here: Machine) -> None:
    here.engine.profiles = ()
    with pytest.raises(ValueError, match="empty"):
        here.load()
    assert here.cuda.memory == {}
    assert here.cuda.calls.count("cudaStreamDestroy") == 1


def test_a_failure_tells_what_tensorrt_said(here: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    with here.load() as session:
        monkeypatch.setattr(here.engine, "profiles", ((1, 1, 1),))
        here.engine.log.log("ERROR", "profile 0 takes one face")
        with pytest.raises(BackendError, match=r"no optimisation profile for 4 faces; .*one face"):
            session.infer(random_faces(4))


@pytest.mark.parametrize("version_compatible", [False, True])
def test_only_an_engine_for_several_versions_may_bring_host_code(
    int8: Artifact, monkeypatch: pytest.MonkeyPatch, version_compatible: bool
) -> None:
    here = machine(int8, monkeypatch, version_compatible=version_compatible)
    here.load().close()
    (loader,) = here.runtime.loaders
    assert loader.engine_host_code_allowed is version_compatible
    if version_compatible:
        assert loader.tempfile_control_flags == 1, "from memory alone"


def test_tensorrt_rtx_keeps_what_it_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kernels come from the last session, and all that it compiled are kept for the next."""
    monkeypatch.setenv("EDGE_EMOTION_CACHE", str(tmp_path))

    class Kernels(list[bytes]):
        def deserialize(self, content: bytes) -> None:
            self.append(content)

        def serialize(self) -> bytes:
            return b"".join([*self, b"+1"])

    runtime = SimpleNamespace(__name__="tensorrt_rtx", __version__="1.7.1")
    engine = SimpleNamespace(
        create_runtime_config=lambda: SimpleNamespace(create_runtime_cache=Kernels)
    )
    for _ in range(2):
        JitContexts(runtime, engine, "8.9").close()
    assert EngineCache("kernels", runtime, "8.9").read() == b"+1+1"


def test_a_cache_is_kept_for_one_version_and_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_EMOTION_CACHE", str(tmp_path))
    monkeypatch.setattr(engine_cache, "device_name", lambda: "NVIDIA Orin (nvgpu)")
    runtime = StandInTRT(StandInEngine(StandInCuda(), PROFILES, capturable=True))
    cache = EngineCache("timing", runtime, "8.7")
    assert cache.read() == b""
    cache.keep(b"timings")
    assert EngineCache("timing", runtime, "8.7").read() == b"timings"
    assert cache.path.name == "timing-tensorrt-10.3.0-sm8.7-nvidia-orin-nvgpu.bin"
    assert EngineCache("timing", runtime, "8.9").read() == b""
    assert EngineCache("kernels", runtime, "8.7").read() == b""
    assert [path.name for path in cache.path.parent.iterdir()] == [cache.path.name]


def test_a_cache_that_others_could_have_written_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_EMOTION_CACHE", str(tmp_path))
    runtime = StandInTRT(StandInEngine(StandInCuda(), PROFILES, capturable=True))
    cache = EngineCache("kernels", runtime, "8.9")
    cache.keep(b"kernels")
    cache.path.chmod(0o666)
    assert EngineCache("kernels", runtime, "8.9").read() == b""
    cache.path.chmod(0o644)
    cache.path.parent.chmod(0o777)
    assert EngineCache("kernels", runtime, "8.9").read() == b""


def test_a_cache_that_cannot_be_written_costs_no_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tensorrt").write_text("a file where the folder should be")
    monkeypatch.setenv("EDGE_EMOTION_CACHE", str(tmp_path))
    runtime = StandInTRT(StandInEngine(StandInCuda(), PROFILES, capturable=True))
    cache = EngineCache("timing", runtime, "8.7")
    assert cache.read() == b""
    cache.keep(b"timings")
