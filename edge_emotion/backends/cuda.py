"""GPU memory, a stream and CUDA graphs through cuda-python, with errors as exceptions.

Not run on a GPU in this project's own tests, which replace the runtime by one that computes on the
host; written to NVIDIA's reference:
https://nvidia.github.io/cuda-python/cuda-bindings/latest/module/runtime.html
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_emotion.backends.installed import import_runtime, missing
from edge_emotion.errors import BackendError

INSTALL = "pip install cuda-python"


def unavailable_reason() -> str | None:
    """Whether cuda-python is installed."""
    return missing("cuda.bindings", INSTALL)


class Cuda:
    """The CUDA runtime and one stream, which never waits for the default stream."""

    def __init__(self) -> None:
        self._runtime = import_runtime("cuda.bindings.runtime", INSTALL)
        self._stream = self.call("cudaStreamCreateWithFlags", self._runtime.cudaStreamNonBlocking)

    @property
    def stream(self) -> int:
        """The stream's handle, as TensorRT takes it."""
        return int(self._stream)

    @property
    def shares_memory(self) -> bool:
        """Whether the GPU works in the host's memory, as a Jetson's does."""
        attribute = self._runtime.cudaDeviceAttr.cudaDevAttrIntegrated
        device = self.call("cudaGetDevice")
        return bool(self.call("cudaDeviceGetAttribute", attribute, device))

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function of the CUDA runtime and return its value, if it has one.

        Raises:
            BackendError: it returned an error code.
        """
        error, *values = getattr(self._runtime, function)(*arguments)
        if error != self._runtime.cudaError_t.cudaSuccess:
            raise BackendError(f"{function} failed: {error.name}", "see 'nvidia-smi' or 'dmesg'")
        return values[0] if values else None

    def copy(self, target: int, source: int, size: int) -> None:
        """Enqueue a copy of ``size`` bytes; unified addressing tells its direction."""
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyDefault
        self.call("cudaMemcpyAsync", target, source, size, kind, self._stream)

    def synchronize(self) -> None:
        """Wait for everything that was enqueued."""
        self.call("cudaStreamSynchronize", self._stream)

    def capture(self, enqueue: Callable[[], None]) -> Graph | None:
        """Record what ``enqueue`` puts on the stream, without running it.

        Only calls of this thread are watched for what capturing forbids, so that other sessions
        may go on meanwhile.

        Returns:
            ``None`` where something enqueued cannot be captured; the stream is usable again.
        """
        mode = self._runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        self.call("cudaStreamBeginCapture", self._stream, mode)
        try:
            enqueue()
        except BackendError:
            self._abandon_capture()
            return None
        try:
            recorded = self.call("cudaStreamEndCapture", self._stream)
        except BackendError:
            self._runtime.cudaGetLastError()
            return None
        try:
            return Graph(self, self.call("cudaGraphInstantiate", recorded, 0))
        finally:
            self.call("cudaGraphDestroy", recorded)

    def _abandon_capture(self) -> None:
        error, recorded = self._runtime.cudaStreamEndCapture(self._stream)
        if error == self._runtime.cudaError_t.cudaSuccess:
            self.call("cudaGraphDestroy", recorded)
        self._runtime.cudaGetLastError()  # or the next call would report the capture's error

    def close(self) -> None:
        """Destroy the stream."""
        self.call("cudaStreamDestroy", self._stream)


class Graph:
    """Recorded work, launched as a whole: one call of the driver instead of one a kernel."""

    def __init__(self, cuda: Cuda, executable: Any) -> None:
        self._cuda = cuda
        self._executable = executable

    def launch(self) -> None:
        """Enqueue all of it."""
        self._cuda.call("cudaGraphLaunch", self._executable, self._cuda.stream)

    def close(self) -> None:
        """Release it; nothing of it may be running any more."""
        self._cuda.call("cudaGraphExecDestroy", self._executable)


class DeviceMemory:
    """Bytes on the GPU; no bytes have no address."""

    def __init__(self, cuda: Cuda, size: int) -> None:
        self._cuda = cuda
        self.size = size
        self.address = int(cuda.call("cudaMalloc", size)) if size else 0

    def close(self) -> None:
        """Free them."""
        if self.address:
            self._cuda.call("cudaFree", self.address)


class PinnedArray:
    """An array in page-locked host memory that an integrated GPU reads and writes in place.

    Where GPU and host share memory, a copy from one place of it to another is work for nothing
    (https://docs.nvidia.com/deeplearning/tensorrt-rtx/latest/performance/optimization.html, under
    "Zero-Copy I/O for Unified Memory").
    """

    def __init__(self, cuda: Cuda, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        self._cuda = cuda
        kind = np.dtype(dtype)
        size = int(np.prod(shape)) * kind.itemsize
        self._row_bytes = size // shape[0]
        self._host_address = int(cuda.call("cudaMallocHost", size))
        buffer = (ctypes.c_uint8 * size).from_address(self._host_address)
        self.host: npt.NDArray[Any] = np.ctypeslib.as_array(buffer).view(kind).reshape(shape)

    @property
    def device_address(self) -> int:
        """Where the GPU finds it."""
        return self._host_address

    def upload(self, rows: int) -> None:
        """Let the GPU see what the host wrote into the first rows."""

    def download(self, rows: int) -> None:
        """Let the host see what the GPU wrote into the first rows."""

    def close(self) -> None:
        """Free it; ``host`` must not be used any more."""
        self._cuda.call("cudaFreeHost", self._host_address)


class MirroredArray(PinnedArray):
    """An array in page-locked host memory with its twin on the GPU.

    Page-locked memory is copied without a detour through the driver's own buffer.
    """

    def __init__(self, cuda: Cuda, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        super().__init__(cuda, shape, dtype)
        self._twin = DeviceMemory(cuda, self.host.nbytes)

    @property
    def device_address(self) -> int:
        """Where the GPU finds it."""
        return self._twin.address

    def upload(self, rows: int) -> None:
        """Enqueue a copy of the first rows to the GPU."""
        self._cuda.copy(self.device_address, self._host_address, rows * self._row_bytes)

    def download(self, rows: int) -> None:
        """Enqueue a copy of the first rows from the GPU."""
        self._cuda.copy(self._host_address, self.device_address, rows * self._row_bytes)

    def close(self) -> None:
        """Free both; ``host`` must not be used any more."""
        self._twin.close()
        super().close()


def shared_array(cuda: Cuda, shape: tuple[int, ...], dtype: npt.DTypeLike) -> PinnedArray:
    """An array that host and GPU both use, in the way that costs this machine least."""
    kind = PinnedArray if cuda.shares_memory else MirroredArray
    return kind(cuda, shape, dtype)
