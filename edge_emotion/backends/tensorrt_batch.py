"""One batch size of an engine: its execution context and its CUDA graph.

A captured graph holds the shapes and addresses of the execution context that it was captured from,
and a context that is changed afterwards makes the graph undefined; so every batch size has a
context of its own, and the contexts share one piece of scratch memory, because only one of them
runs at a time. Written to NVIDIA's description
(https://docs.nvidia.com/deeplearning/tensorrt/latest/performance/optimization.html, "CUDA Graphs",
and https://docs.nvidia.com/deeplearning/tensorrt/latest/_static/python-api/).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from edge_emotion.backends.cuda import Cuda, DeviceMemory, Graph, PinnedArray
from edge_emotion.emotions import FACE_SIZE
from edge_emotion.errors import BackendError

RUN_SIZES = (1, 2, 4, 8, 16, 32)
"""Batches are run at these sizes: a handful of graphs, captured once each, serves every count of
faces, and on a GPU a face more costs less than another graph."""


@dataclass(frozen=True)
class Buffers:
    """What every context of a session reads and writes.

    Args:
        cuda: the stream and its runtime.
        faces: uint8, (largest batch, 1, 48, 48).
        logits: float32, (largest batch, 7).
        scratch: the contexts' working memory.
        tensors: the engine's names for ``faces`` and ``logits``.
    """

    cuda: Cuda
    faces: PinnedArray
    logits: PinnedArray
    scratch: DeviceMemory
    tensors: tuple[str, str]


class Batch(Protocol):
    """An engine, ready to classify a fixed number of faces."""

    def run(self) -> None:
        """Classify the faces in the buffers, and wait for their logits.

        Raises:
            BackendError: TensorRT or CUDA failed.
        """

    def close(self) -> None:
        """Release the graph; the context goes with this object."""


class StreamBatch:
    """Every layer enqueued by TensorRT on each run."""

    def __init__(self, context: Any, profile: int, size: int, buffers: Buffers) -> None:
        self._context = context
        self._size = size
        self._buffers = buffers
        cuda = buffers.cuda
        faces, logits = buffers.tensors
        _require(context.set_optimization_profile_async(profile, cuda.stream), "the profile")
        cuda.synchronize()
        context.set_device_memory(buffers.scratch.address, buffers.scratch.size)
        _require(context.set_input_shape(faces, (size, 1, FACE_SIZE, FACE_SIZE)), "the shape")
        _require(context.set_tensor_address(faces, buffers.faces.device_address), "the input")
        _require(context.set_tensor_address(logits, buffers.logits.device_address), "the output")

    def run(self) -> None:
        """Classify the faces in the buffers, and wait for their logits."""
        self._enqueue()
        self._buffers.cuda.synchronize()

    def _enqueue(self) -> None:
        self._buffers.faces.upload(self._size)
        _require(self._context.execute_async_v3(self._buffers.cuda.stream), "the network")
        self._buffers.logits.download(self._size)

    def close(self) -> None:
        """Nothing to release beside the context."""


class GraphBatch(StreamBatch):
    """Copies and layers recorded once, then launched as one.

    The first run enqueues them plainly: TensorRT finishes setting a context up in its first
    enqueue, which must not be captured. An engine that cannot be captured goes on that way.
    """

    def __init__(self, context: Any, profile: int, size: int, buffers: Buffers) -> None:
        super().__init__(context, profile, size, buffers)
        self._graph: Graph | None = None
        self._tried = False

    def run(self) -> None:
        """Classify the faces in the buffers, and wait for their logits."""
        if self._graph is None:
            super().run()
            if not self._tried:
                self._tried = True
                self._graph = self._buffers.cuda.capture(self._enqueue)
            return
        self._graph.launch()
        self._buffers.cuda.synchronize()

    def close(self) -> None:
        """Release the graph."""
        if self._graph is not None:
            self._graph.close()
            self._graph = None


def run_size(count: int, largest: int) -> int:
    """The size at which ``count`` faces are run: the next of ``RUN_SIZES``, at most ``largest``."""
    return min(next((size for size in RUN_SIZES if size >= count), largest), largest)


def profile_for(engine: Any, tensor: str, size: int) -> int:
    """The optimisation profile that covers a batch size.

    Args:
        engine: an ``ICudaEngine`` whose profiles differ in the first dimension of ``tensor``.
        tensor: its input's name.
        size: number of faces.

    Raises:
        BackendError: no profile covers it.
    """
    for index in range(engine.num_optimization_profiles):
        smallest, _, largest = engine.get_tensor_profile_shape(tensor, index)
        if smallest[0] <= size <= largest[0]:
            return index
    raise BackendError(f"the engine has no optimisation profile for {size} faces")


def largest_batch(engine: Any, tensor: str) -> int:
    """The most faces that any profile of an engine takes."""
    profiles = range(engine.num_optimization_profiles)
    return max(int(engine.get_tensor_profile_shape(tensor, index)[2][0]) for index in profiles)


def _require(succeeded: bool, what: str) -> None:
    if not succeeded:
        raise BackendError(f"TensorRT refused {what}")
