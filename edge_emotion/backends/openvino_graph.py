"""A bare ONNX graph in OpenVINO."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edge_emotion.backends.base import LoadOptions
from edge_emotion.backends.graph import Graph, Outputs
from edge_emotion.backends.layers import Layer
from edge_emotion.backends.onnxfile import Ports
from edge_emotion.backends.openvino_model import OpenVINOModel
from edge_emotion.backends.openvino_runtime import Runtime, cause, executed_layers
from edge_emotion.errors import BackendError


class OpenVINOGraph(Graph):
    """Compiled for exactly one shape; its outputs are shared with the runtime."""

    def __init__(
        self,
        content: bytes,
        source: str,
        ports: Ports,
        input_shape: tuple[int, ...],
        options: LoadOptions,
    ) -> None:
        super().__init__(ports, input_shape)
        runtime = Runtime()
        try:
            self._compiled = OpenVINOModel(runtime, content).compile(input_shape, options)
            shapes = [tuple(self._compiled.output(name).shape) for name in ports.outputs]
        except RuntimeError as error:
            raise BackendError(
                f"OpenVINO refused {source} for the input shape {input_shape}: {cause(error)}",
                "check the shape, or export the graph again",
            ) from error
        self._outputs: Outputs = {
            name: np.empty(shape, np.float32)
            for name, shape in zip(ports.outputs, shapes, strict=True)
        }
        self._request = runtime.request(self._compiled)
        self._request.bind(np.empty(input_shape, ports.dtype), list(self._outputs.values()))

    def layers(self) -> tuple[Layer, ...]:
        """From OpenVINO's runtime model."""
        return executed_layers(self._compiled)

    def _run(self, picture: npt.NDArray[Any]) -> Outputs:
        self._request.bind_input(picture)
        self._request.run()
        return self._outputs

    def _close(self) -> None:
        del self._request, self._compiled
