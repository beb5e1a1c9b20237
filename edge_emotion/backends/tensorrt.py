"""Run TensorRT and TensorRT-RTX engines; the two share one Python API.

Running an engine needs an NVIDIA GPU. None was at hand: this file was reviewed against NVIDIA's
reference (https://docs.nvidia.com/deeplearning/tensorrt/latest/_static/python-api/), its own tests
run it on a stand-in that computes on the host, and those in ``tests/gpu`` are to be run on a GPU.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np

from edge_emotion.artifact import Artifact
from edge_emotion.backends import cuda
from edge_emotion.backends.base import Backend, Faces, LoadOptions, Logits, Session, SessionInfo
from edge_emotion.backends.engine import read_engine, rebuild_command, require_same_platform
from edge_emotion.backends.gpu import compute_capability
from edge_emotion.backends.installed import import_runtime, missing
from edge_emotion.backends.tensorrt_batch import (
    Batch,
    Buffers,
    largest_batch,
    profile_for,
    run_size,
)
from edge_emotion.backends.tensorrt_contexts import CompiledContexts, Contexts, JitContexts
from edge_emotion.backends.tensorrt_layers import inspected_layers
from edge_emotion.emotions import FACE_SIZE, LABELS
from edge_emotion.errors import ArtifactError, BackendError, BackendUnavailable


class TensorRTBackend(Backend):
    """TensorRT, as JetPack installs it."""

    name = "tensorrt"
    formats: tuple[str, ...] = ("tensorrt",)
    encoding = "tensorrt"
    module = "tensorrt"
    install = "on a Jetson it is part of JetPack; elsewhere: pip install tensorrt cuda-python"
    contexts: type[Contexts] = CompiledContexts

    def unavailable_reason(self) -> str | None:
        """Whether the runtime, cuda-python and a GPU are here."""
        absent = missing(self.module, self.install) or cuda.unavailable_reason()
        if absent:
            return absent
        return None if compute_capability() else "no NVIDIA GPU with a driver on this machine"

    def _load(self, artifact: Artifact, options: LoadOptions) -> Session:  # noqa: ARG002 - no threads
        runtime = import_runtime(self.module, self.install)
        capability = compute_capability()
        if capability is None:
            raise BackendUnavailable("the NVIDIA GPU disappeared", "see 'nvidia-smi' or 'dmesg'")
        require_same_platform(artifact, self.module, runtime.__version__, capability)
        return TensorRTSession(artifact, runtime, self, capability)


class TensorRTRTXBackend(TensorRTBackend):
    """TensorRT for RTX: the same engine format family for desktop GPUs."""

    name = "tensorrt-rtx"
    formats = ("tensorrt_rtx",)
    module = "tensorrt_rtx"
    install = "pip install 'edge-emotion[tensorrt-rtx]'"
    contexts = JitContexts


def message_log(runtime: Any) -> Any:
    """A logger that keeps TensorRT's errors in its list ``errors``, and prints nothing.

    Args:
        runtime: the imported ``tensorrt`` or ``tensorrt_rtx``.
    """

    class MessageLog(runtime.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.errors: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            if severity in (runtime.ILogger.ERROR, runtime.ILogger.INTERNAL_ERROR):
                self.errors.append(message)

    return MessageLog()


def engine_loader(runtime: Any, log: Any, *, carries_runtime: bool) -> Any:
    """An ``IRuntime`` that loads an engine that somebody vouches for.

    An engine for several TensorRT versions carries a copy of TensorRT to run on, and only such a
    one may bring code for the host. It is loaded from memory: a temporary file could be exchanged
    by whoever can write to the folder for them.

    Args:
        runtime: the imported ``tensorrt`` or ``tensorrt_rtx``.
        log: what ``message_log`` made.
        carries_runtime: what the engine's manifest says in ``version_compatible``.
    """
    loader = runtime.Runtime(log)
    if carries_runtime:
        loader.engine_host_code_allowed = True
        loader.tempfile_control_flags = 1 << int(runtime.TempfileControlFlag.ALLOW_IN_MEMORY_FILES)
    return loader


class TensorRTSession(Session):
    """An engine with one stream, and an execution context for each batch size in use."""

    def __init__(
        self, artifact: Artifact, runtime: Any, backend: TensorRTBackend, capability: str
    ) -> None:
        super().__init__(artifact)
        self._runtime = runtime
        self._backend = backend.name
        self._capability = capability
        self._log = message_log(runtime)
        self._batches: dict[int, Batch] = {}
        with ExitStack() as resources:
            stream = cuda.Cuda()
            resources.callback(stream.close)
            carries_runtime = artifact.manifest.version_compatible
            self._loader = engine_loader(runtime, self._log, carries_runtime=carries_runtime)
            self._engine = self._deserialized()
            self._input = artifact.manifest.input.name
            self._max_batch = largest_batch(self._engine, self._input)
            self._buffers = self._allocated(stream, resources)
            self._contexts = backend.contexts(runtime, self._engine, capability)
            resources.callback(self._contexts.close)
            self._resources = resources.pop_all()

    def _deserialized(self) -> Any:
        engine = self._loader.deserialize_cuda_engine(read_engine(self.artifact))
        if engine is None:
            raise ArtifactError(
                f"TensorRT cannot load {self.artifact.path}: {self._last_error()}",
                rebuild_command(self.artifact, self._capability),
            )
        return engine

    def _allocated(self, stream: cuda.Cuda, resources: ExitStack) -> Buffers:
        pixels = (self._max_batch, 1, FACE_SIZE, FACE_SIZE)
        faces = cuda.shared_array(stream, pixels, np.uint8)
        resources.callback(faces.close)
        logits = cuda.shared_array(stream, (self._max_batch, len(LABELS)), np.float32)
        resources.callback(logits.close)
        scratch = cuda.DeviceMemory(stream, int(self._engine.device_memory_size_v2))
        resources.callback(scratch.close)
        faces.host[:] = 0  # rows that pad a batch are run too
        tensors = (self._input, self.artifact.manifest.output)
        return Buffers(stream, faces, logits, scratch, tensors)

    def info(self) -> SessionInfo:
        """TensorRT's version, the GPU, and the engine's layers as its inspector lists them."""
        return SessionInfo(
            backend=self._backend,
            runtime=f"{self._runtime.__name__} {self._runtime.__version__}",
            device=f"NVIDIA GPU, compute capability {self._capability}",
            threads=1,
            layers=inspected_layers(self._engine, self._runtime),
        )

    def _infer(self, faces: Faces) -> Logits:
        logits = np.empty((len(faces), len(LABELS)), np.float32)
        for start in range(0, len(faces), self._max_batch):
            part = faces[start : start + self._max_batch]
            logits[start : start + len(part)] = self._run(part)
        return logits

    def _run(self, faces: Faces) -> Logits:
        self._buffers.faces.host[: len(faces), 0] = faces
        try:
            self._batch(run_size(len(faces), self._max_batch)).run()
        except BackendError as error:
            raise BackendError(f"{error}; TensorRT says: {self._last_error()}") from error
        logits: Logits = self._buffers.logits.host[: len(faces)]
        return logits

    def _batch(self, size: int) -> Batch:
        if size not in self._batches:
            profile = profile_for(self._engine, self._input, size)
            self._batches[size] = self._contexts.batch(profile, size, self._buffers)
        return self._batches[size]

    def _last_error(self) -> str:
        return self._log.errors[-1] if self._log.errors else "it gave no reason"

    def _close(self) -> None:
        with self._resources:
            for batch in self._batches.values():
                batch.close()
            self._batches.clear()
        del self._contexts, self._engine, self._loader
