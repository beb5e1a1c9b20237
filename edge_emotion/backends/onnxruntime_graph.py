"""A bare ONNX graph in ONNX Runtime, on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edge_emotion.backends.base import LoadOptions
from edge_emotion.backends.graph import Graph, Outputs
from edge_emotion.backends.layers import Layer
from edge_emotion.backends.onnxfile import Ports
from edge_emotion.backends.onnxruntime_runtime import CPU, INSTALL, Runtime
from edge_emotion.errors import BackendError


class OnnxRuntimeGraph(Graph):
    """The runtime takes any shape until it runs, so a first inference checks the shape."""

    def __init__(
        self,
        content: bytes,
        source: str,
        ports: Ports,
        input_shape: tuple[int, ...],
        options: LoadOptions,
    ) -> None:
        super().__init__(ports, input_shape)
        self._runtime = Runtime(INSTALL)
        self._loaded = (content, source, options)
        self._session = self._runtime.session(*self._loaded, [(CPU, {})])
        self._names = list(ports.outputs)
        self._run(np.zeros(input_shape, ports.dtype))

    def layers(self) -> tuple[Layer, ...]:
        """From ONNX Runtime's optimised graph."""
        return self._runtime.executed_layers(*self._loaded)

    def _run(self, picture: npt.NDArray[Any]) -> Outputs:
        try:
            results = self._session.run(self._names, {self.ports.input: picture})
        except Exception as error:  # the runtime's exceptions share no narrower base
            raise BackendError(
                f"ONNX Runtime failed for the input shape {self.input_shape}: {error}",
                "check the shape, or export the graph again",
            ) from error
        return dict(zip(self._names, results, strict=True))

    def _close(self) -> None:
        del self._session
