"""GPU memory and streams through cuda-python, with errors as exceptions.

Not run in this project's tests without a GPU; written to NVIDIA's reference:
https://nvidia.github.io/cuda-python/cuda-bindings/latest/module/runtime.html
"""

from __future__ import annotations

import ctypes
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
    """The CUDA runtime and one stream."""

    def __init__(self) -> None:
        self._runtime = import_runtime("cuda.bindings.runtime", INSTALL)
        self._stream = self.call("cudaStreamCreate")

    @property
    def stream(self) -> int:
        """The stream's handle, as TensorRT takes it."""
        return int(self._stream)

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

    def close(self) -> None:
        """Destroy the stream."""
        self.call("cudaStreamDestroy", self._stream)


class MirroredArray:
    """An array in page-locked host memory with its twin on the GPU.

    Page-locked memory is copied without a detour through the driver's own buffer.
    """

    def __init__(self, cuda: Cuda, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        self._cuda = cuda
        kind = np.dtype(dtype)
        size = int(np.prod(shape)) * kind.itemsize
        self._row_bytes = size // shape[0]
        self._host_address = int(cuda.call("cudaMallocHost", size))
        self.device_address = int(cuda.call("cudaMalloc", size))
        buffer = (ctypes.c_uint8 * size).from_address(self._host_address)
        self.host: npt.NDArray[Any] = np.ctypeslib.as_array(buffer).view(kind).reshape(shape)

    def upload(self, rows: int) -> None:
        """Enqueue a copy of the first rows to the GPU."""
        self._cuda.copy(self.device_address, self._host_address, rows * self._row_bytes)

    def download(self, rows: int) -> None:
        """Enqueue a copy of the first rows from the GPU."""
        self._cuda.copy(self._host_address, self.device_address, rows * self._row_bytes)

    def close(self) -> None:
        """Free both; ``host`` must not be used any more."""
        self._cuda.call("cudaFree", self.device_address)
        self._cuda.call("cudaFreeHost", self._host_address)
