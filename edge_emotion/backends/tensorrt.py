"""Run TensorRT and TensorRT-RTX engines; the two share one Python API.

Running an engine needs an NVIDIA GPU; this file was reviewed against NVIDIA's reference
(https://docs.nvidia.com/deeplearning/tensorrt/latest/_static/python-api/) and its ``gpu`` tests are
to be run on one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edge_emotion.artifact import Artifact
from edge_emotion.backends import cuda
from edge_emotion.backends.base import Backend, Faces, LoadOptions, Logits, Session, SessionInfo
from edge_emotion.backends.engine import read_engine, rebuild_command, require_same_platform
from edge_emotion.backends.gpu import compute_capability
from edge_emotion.backends.installed import import_runtime, missing
from edge_emotion.emotions import FACE_SIZE, LABELS
from edge_emotion.errors import ArtifactError, BackendError, BackendUnavailable


class TensorRTBackend(Backend):
    """TensorRT, as JetPack installs it."""

    name = "tensorrt"
    formats: tuple[str, ...] = ("tensorrt",)
    encoding = "tensorrt"
    module = "tensorrt"
    install = "on a Jetson it is part of JetPack; elsewhere: pip install tensorrt cuda-python"

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
        return _TensorRTSession(artifact, runtime, self.name, capability)


class TensorRTRTXBackend(TensorRTBackend):
    """TensorRT for RTX: the same engine format family for desktop GPUs."""

    name = "tensorrt-rtx"
    formats = ("tensorrt_rtx",)
    module = "tensorrt_rtx"
    install = "pip install 'edge-emotion[tensorrt-rtx]'"


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


class _TensorRTSession(Session):
    """An engine with one execution context, one stream and buffers for its largest batch."""

    def __init__(self, artifact: Artifact, runtime: Any, backend: str, capability: str) -> None:
        super().__init__(artifact)
        self._runtime = runtime
        self._backend = backend
        self._capability = capability
        self._log = message_log(runtime)
        self._loader = runtime.Runtime(self._log)
        self._engine = self._loader.deserialize_cuda_engine(read_engine(artifact))
        if self._engine is None:
            raise ArtifactError(
                f"TensorRT cannot load {artifact.path}: {self._last_error()}",
                rebuild_command(artifact, capability),
            )
        self._context = self._engine.create_execution_context()
        self._input = artifact.manifest.input.name
        largest = self._engine.get_tensor_profile_shape(self._input, 0)[2]
        self._max_batch = int(largest[0])
        self._cuda = cuda.Cuda()
        pixels = (self._max_batch, 1, FACE_SIZE, FACE_SIZE)
        self._faces = cuda.MirroredArray(self._cuda, pixels, np.uint8)
        self._logits = cuda.MirroredArray(self._cuda, (self._max_batch, len(LABELS)), np.float32)
        self._require(self._context.set_tensor_address(self._input, self._faces.device_address))
        output = artifact.manifest.output
        self._require(self._context.set_tensor_address(output, self._logits.device_address))
        self._batch = 0

    def info(self) -> SessionInfo:
        """TensorRT's version and the GPU; precision was decided when the engine was built."""
        return SessionInfo(
            backend=self._backend,
            runtime=f"{self._runtime.__name__} {self._runtime.__version__}",
            device=f"NVIDIA GPU, compute capability {self._capability}",
            threads=1,
        )

    def _infer(self, faces: Faces) -> Logits:
        logits = np.empty((len(faces), len(LABELS)), np.float32)
        for start in range(0, len(faces), self._max_batch):
            part = faces[start : start + self._max_batch]
            logits[start : start + len(part)] = self._run(part)
        return logits

    def _run(self, faces: Faces) -> Logits:
        count = len(faces)
        if count != self._batch:
            shape = (count, 1, FACE_SIZE, FACE_SIZE)
            self._require(self._context.set_input_shape(self._input, shape))
            self._batch = count
        self._faces.host[:count, 0] = faces
        self._faces.upload(count)
        self._require(self._context.execute_async_v3(self._cuda.stream))
        self._logits.download(count)
        self._cuda.synchronize()
        logits: Logits = self._logits.host[:count]
        return logits

    def _require(self, succeeded: bool) -> None:
        if not succeeded:
            raise BackendError(f"TensorRT failed: {self._last_error()}")

    def _last_error(self) -> str:
        return self._log.errors[-1] if self._log.errors else "it gave no reason"

    def _close(self) -> None:
        del self._context, self._engine, self._loader
        self._faces.close()
        self._logits.close()
        self._cuda.close()
