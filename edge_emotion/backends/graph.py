"""Run any ONNX graph of one picture, such as a face detector's, on a CPU runtime.

A classifier is an artefact with a manifest and goes through ``Backend``; this is for graphs that
are pinned by whoever calls, and whose inputs and outputs only the caller understands.
"""

from __future__ import annotations

from abc import abstractmethod
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_emotion.backends import get_backend
from edge_emotion.backends.base import LoadOptions
from edge_emotion.backends.layers import Layer
from edge_emotion.backends.onnxfile import Ports, graph_ports, read_content
from edge_emotion.closing import Closing
from edge_emotion.errors import BackendError, BackendUnavailable, UsageError

GRAPHS: dict[str, str] = {
    "openvino": "edge_emotion.backends.openvino_graph:OpenVINOGraph",
    "onnxruntime": "edge_emotion.backends.onnxruntime_graph:OnnxRuntimeGraph",
}
"""Backend → where its graphs are made, the fastest first; importing it loads no runtime."""

Outputs = dict[str, npt.NDArray[np.float32]]


class Graph(Closing):
    """A graph loaded for one input shape. Not thread-safe; close it, or use it in ``with``.

    Args:
        ports: its input and outputs.
        input_shape: of every array that will be given.
    """

    def __init__(self, ports: Ports, input_shape: tuple[int, ...]) -> None:
        self.ports = ports
        self.input_shape = input_shape
        self._open = True

    def run(self, picture: npt.NDArray[Any]) -> Outputs:
        """One inference.

        Args:
            picture: of ``input_shape`` and ``ports.dtype``, contiguous; it is read in place.

        Returns:
            Output name → float32 array. The arrays may be the runtime's own: they hold this result
            until the next ``run``.

        Raises:
            BackendError: closed, another shape or type, or the runtime failed.
        """
        if not self._open:
            raise BackendError("the graph is closed", "load it again")
        if picture.shape != self.input_shape or picture.dtype != self.ports.dtype:
            raise BackendError(
                f"{self.ports.input} must be {self.ports.dtype} of shape {self.input_shape}, "
                f"got {picture.dtype} {picture.shape}",
                "load the graph for the shape that it will be given",
            )
        return self._run(np.ascontiguousarray(picture))

    def close(self) -> None:
        """Release the runtime's resources; closing twice is harmless."""
        if self._open:
            self._open = False
            self._close()

    @abstractmethod
    def layers(self) -> tuple[Layer, ...]:
        """Every executed layer, as the runtime reports it."""

    @abstractmethod
    def _run(self, picture: npt.NDArray[Any]) -> Outputs: ...

    @abstractmethod
    def _close(self) -> None: ...


def load_graph(
    source: Path | bytes,
    input_shape: tuple[int, ...],
    options: LoadOptions | None = None,
    backend: str | None = None,
) -> Graph:
    """Load an ONNX graph for inputs of one shape.

    Args:
        source: an ONNX file, or its content. Whose it is must have been checked.
        input_shape: usually (1, channels, height, width).
        options: how to run it.
        backend: a name of ``GRAPHS``; ``None`` is the first one installed.

    Raises:
        UsageError: no such backend.
        BackendUnavailable: the backend is not installed, or none is.
        ArtifactError: the file is damaged, not self-contained, or no graph of one picture.
        BackendError: the runtime refused the graph or the shape.
    """
    name = _choose(backend)
    content = source if isinstance(source, bytes) else read_content(source)
    label = "the graph" if isinstance(source, bytes) else str(source)
    ports = graph_ports(content, label)
    module, _, attribute = GRAPHS[name].partition(":")
    make = getattr(import_module(module), attribute)
    graph: Graph = make(content, label, ports, input_shape, options or LoadOptions())
    return graph


def _choose(backend: str | None) -> str:
    if backend is not None and backend not in GRAPHS:
        raise UsageError(
            f"{backend!r} cannot run a bare graph", f"choose one of: {', '.join(GRAPHS)}"
        )
    names = [backend] if backend else list(GRAPHS)
    reasons = {name: get_backend(name).unavailable_reason() for name in names}
    for name, reason in reasons.items():
        if reason is None:
            return name
    raise BackendUnavailable("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
