"""Stand-ins for an NVIDIA GPU, for what can be decided without one.

``StandInCuda`` takes the place of ``cuda.bindings.runtime``: its device memory is the host's, a
stream runs what it is given at once, and a stream that captures records it instead. ``StandInTRT``
takes the place of ``tensorrt``: its engine answers with the mean of each face plus the number of
the class, and refuses what TensorRT refuses. Both keep the calls that were made of them.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from types import SimpleNamespace
from typing import Any

import numpy as np

from edge_emotion.emotions import FACE_SIZE, LABELS

Error = IntEnum("Error", ["cudaSuccess", "cudaErrorStreamCaptureInvalidated"], start=0)
OK = Error.cudaSuccess


class StandInCuda:
    """The functions of the CUDA runtime that the package calls."""

    cudaError_t = Error  # noqa: N815 - NVIDIA's names, here and below
    cudaStreamNonBlocking = 1  # noqa: N815
    cudaStreamCaptureMode = SimpleNamespace(cudaStreamCaptureModeThreadLocal=1)  # noqa: N815
    cudaMemcpyKind = SimpleNamespace(cudaMemcpyDefault=4)  # noqa: N815
    cudaDeviceAttr = SimpleNamespace(cudaDevAttrIntegrated=18)  # noqa: N815

    def __init__(self, *, integrated: bool = False) -> None:
        self.integrated = integrated
        self.calls: list[str] = []
        self.memory: dict[int, Any] = {}
        self.graphs: dict[int, list[Callable[[], None]]] = {}
        self.recording: list[Callable[[], None]] | None = None
        self._handles = itertools.count(1000)

    def __getattr__(self, name: str) -> Callable[..., tuple[Any, ...]]:
        if not name.startswith("cuda"):
            raise AttributeError(name)
        work = getattr(self, f"_{name[4:]}")

        def call(*arguments: Any) -> tuple[Any, ...]:
            self.calls.append(name)
            result = work(*arguments)
            return result if isinstance(result, tuple) else (OK,)

        return call

    def enqueue(self, work: Callable[[], None]) -> None:
        if self.recording is None:
            work()
        else:
            self.recording.append(work)

    def _allocate(self, size: int) -> tuple[Error, int]:
        buffer = ctypes.create_string_buffer(size)
        self.memory[ctypes.addressof(buffer)] = buffer
        return OK, ctypes.addressof(buffer)

    _Malloc = _MallocHost = _allocate

    def _free(self, address: int) -> None:
        del self.memory[address]

    _Free = _FreeHost = _free

    def _StreamCreateWithFlags(self, flags: int) -> tuple[Error, int]:  # noqa: N802
        assert flags == self.cudaStreamNonBlocking
        return OK, 7

    def _StreamDestroy(self, stream: int) -> None:  # noqa: N802
        assert stream == 7

    def _StreamSynchronize(self, stream: int) -> None:  # noqa: N802
        assert stream == 7
        assert self.recording is None, "waiting is forbidden while a stream captures"

    def _GetDevice(self) -> tuple[Error, int]:  # noqa: N802
        return OK, 0

    def _DeviceGetAttribute(self, attribute: int, device: int) -> tuple[Error, int]:  # noqa: N802
        assert (attribute, device) == (self.cudaDeviceAttr.cudaDevAttrIntegrated, 0)
        return OK, int(self.integrated)

    def _MemcpyAsync(self, target: int, source: int, size: int, _kind: int, _stream: int) -> None:  # noqa: N802
        self.enqueue(lambda: ctypes.memmove(target, source, size) and None)

    def _StreamBeginCapture(self, _stream: int, _mode: int) -> None:  # noqa: N802
        self.recording = []

    def _StreamEndCapture(self, _stream: int) -> tuple[Error, int]:  # noqa: N802
        handle = next(self._handles)
        self.graphs[handle], self.recording = self.recording or [], None
        return OK, handle

    def _GraphInstantiate(self, graph: int, _flags: int) -> tuple[Error, int]:  # noqa: N802
        handle = next(self._handles)
        self.graphs[handle] = list(self.graphs[graph])
        return OK, handle

    def _GraphLaunch(self, graph: int, _stream: int) -> None:  # noqa: N802
        for work in self.graphs[graph]:
            work()

    def _destroy(self, graph: int) -> None:
        del self.graphs[graph]

    _GraphDestroy = _GraphExecDestroy = _destroy

    def _GetLastError(self) -> tuple[Error]:  # noqa: N802
        return (OK,)


@dataclass
class StandInContext:
    """An ``IExecutionContext``."""

    cuda: StandInCuda
    engine: StandInEngine
    log: Any
    profile: int | None = None
    rows: int | None = None
    addresses: dict[str, int] = field(default_factory=dict)
    scratch: tuple[int, int] | None = None
    warm: bool = False
    nvtx_verbosity: str = "DETAILED"

    def set_optimization_profile_async(self, profile: int, stream: int) -> bool:
        self.profile, self.rows = profile, None
        return stream == 7

    def set_device_memory(self, address: int, size: int) -> None:
        self.scratch = (address, size)

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        assert self.profile is not None
        smallest, _, largest = self.engine.profiles[self.profile]
        self.rows, self.warm = shape[0], False
        return name == "faces" and smallest <= shape[0] <= largest

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.addresses[name] = address
        return address in self.cuda.memory

    def execute_async_v3(self, stream: int) -> bool:
        assert self.scratch is not None
        assert self.scratch[0] in self.cuda.memory
        assert self.scratch[1] >= self.engine.device_memory_size_v2
        capturing = self.cuda.recording is not None
        assert self.warm or not capturing, "a context's first enqueue must not be captured"
        if capturing and not self.engine.capturable:
            self.log.log("ERROR", "a layer cannot be captured")
            return False
        self.warm = True
        self.cuda.calls.append("execute")
        self.cuda.enqueue(self._compute)
        return stream == 7

    def _compute(self) -> None:
        rows = self.rows or 0
        faces = _array(self.addresses["faces"], (rows, FACE_SIZE * FACE_SIZE), np.uint8)
        logits = _array(self.addresses["logits"], (rows, len(LABELS)), np.float32)
        logits[:] = faces.mean(axis=1, keepdims=True) + np.arange(len(LABELS))


@dataclass
class StandInEngine:
    """An ``ICudaEngine``."""

    cuda: StandInCuda
    profiles: tuple[tuple[int, int, int], ...]
    capturable: bool
    log: Any = None
    contexts: list[StandInContext] = field(default_factory=list)
    device_memory_size_v2: int = 512

    @property
    def num_optimization_profiles(self) -> int:
        return len(self.profiles)

    def get_tensor_profile_shape(self, _name: str, index: int) -> list[tuple[int, ...]]:
        return [(size, 1, FACE_SIZE, FACE_SIZE) for size in self.profiles[index]]

    def create_execution_context(self, strategy: str) -> StandInContext:
        assert strategy == "USER_MANAGED"
        self.contexts.append(StandInContext(self.cuda, self, self.log))
        return self.contexts[-1]


class StandInTRT:
    """The module ``tensorrt``."""

    __name__, __version__ = "tensorrt", "10.3.0"
    ExecutionContextAllocationStrategy = SimpleNamespace(USER_MANAGED="USER_MANAGED")
    ProfilingVerbosity = SimpleNamespace(NONE="NONE")
    TempfileControlFlag = SimpleNamespace(ALLOW_IN_MEMORY_FILES=0, ALLOW_TEMPORARY_FILES=1)

    class ILogger:
        ERROR, INTERNAL_ERROR = "ERROR", "INTERNAL_ERROR"

    def __init__(self, engine: StandInEngine) -> None:
        self.engine = engine
        self.loaders: list[SimpleNamespace] = []

    def Runtime(self, log: Any) -> SimpleNamespace:  # noqa: N802
        self.engine.log = log
        loader = SimpleNamespace(
            engine_host_code_allowed=False,
            tempfile_control_flags=3,
            deserialize_cuda_engine=lambda content: self.engine if content else None,
        )
        self.loaders.append(loader)
        return loader


def _array(address: int, shape: tuple[int, int], dtype: type[np.generic]) -> np.ndarray:
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    buffer = (ctypes.c_uint8 * size).from_address(address)
    return np.ctypeslib.as_array(buffer).view(dtype).reshape(shape)
