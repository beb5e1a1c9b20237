"""Run ONNX models and OpenVINO IR with OpenVINO on the CPU.

The call path is short on purpose. Measured on one core with a 76 µs network: ``infer([x])`` took
115 µs, ``infer()`` with preset tensors 76 µs.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from edge_emotion.artifact import Artifact
from edge_emotion.backends.base import Backend, Faces, LoadOptions, Logits, Session, SessionInfo
from edge_emotion.backends.installed import import_runtime, missing
from edge_emotion.backends.layers import Layer, count_precisions, plain_precision
from edge_emotion.backends.onnxfile import read_onnx
from edge_emotion.emotions import FACE_SIZE, LABELS
from edge_emotion.errors import ArtifactError, BackendError

INSTALL = "pip install 'edge-emotion[cpu]'"

_ELEMENTWISE = {"Eltwise", "Subgraph"}
_COMPUTE = {"Convolution", "FullyConnected", "MatMul", "Pooling", "Reduce"} | _ELEMENTWISE


class OpenVINOBackend(Backend):
    """OpenVINO's CPU plugin; it runs either activation encoding in INT8."""

    name = "openvino"
    formats = ("onnx", "openvino")

    def unavailable_reason(self) -> str | None:
        """Whether OpenVINO is installed."""
        return missing("openvino", INSTALL)

    def _load(self, artifact: Artifact, options: LoadOptions) -> Session:
        openvino = import_runtime("openvino", INSTALL)
        core = openvino.Core()
        content = io.BytesIO(read_onnx(artifact)) if artifact.manifest.format == "onnx" else None
        try:
            model = core.read_model(artifact.path if content is None else content)
            _check_ports(artifact, model)
            return _OpenVINOSession(artifact, openvino, core, model, options)
        except RuntimeError as error:
            raise BackendError(
                f"OpenVINO refused {artifact.path}: {cause(error)}", "export or compile it again"
            ) from error


class _OpenVINOSession(Session):
    """One compiled model for a single face, another for any larger batch.

    The fixed shape is 8 % faster on one face, which is what a camera sees most; a fixed shape for
    every batch size would stop the camera for 50 ms whenever the number of faces changes.
    """

    def __init__(
        self, artifact: Artifact, openvino: Any, core: Any, model: Any, options: LoadOptions
    ) -> None:
        super().__init__(artifact)
        self._openvino = openvino
        self._core = core
        self._model = model
        self._threads = options.thread_count
        self._config = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": self._threads,
            "INFERENCE_PRECISION_HINT": options.inference_precision,
        }
        single = model.clone()
        single.reshape([1, 1, FACE_SIZE, FACE_SIZE])
        self._single = self._request(single, 1)
        self._many: _Request | None = None

    def info(self) -> SessionInfo:
        """What OpenVINO made of the model; precisions are those of the executed layers."""
        compiled = (self._many or self._single).compiled
        return SessionInfo(
            backend="openvino",
            runtime=f"OpenVINO {self._openvino.get_version().split('-')[0]}",
            device=str(self._core.get_property("CPU", "FULL_DEVICE_NAME")),
            threads=int(compiled.get_property("INFERENCE_NUM_THREADS")),
            precision=count_precisions(executed_layers(compiled)),
        )

    def _infer(self, faces: Faces) -> Logits:
        request = self._single if len(faces) == 1 else self._request_for(len(faces))
        request.faces[:] = faces
        try:
            request.run()
        except RuntimeError as error:
            raise BackendError(f"OpenVINO failed: {cause(error)}") from error
        return request.logits.copy()

    def _request_for(self, count: int) -> _Request:
        if self._many is None:
            self._many = self._request(self._model, count)
        elif len(self._many.faces) != count:
            self._many.bind(count)
        return self._many

    def _request(self, model: Any, count: int) -> _Request:
        compiled = self._core.compile_model(model, "CPU", self._config)
        return _Request(self._openvino.Tensor, compiled, count)

    def _close(self) -> None:
        del self._single, self._many, self._model, self._core


class _Request:
    """An inference request whose input and output are arrays of this process."""

    def __init__(self, tensor: Any, compiled: Any, count: int) -> None:
        self.compiled = compiled
        self._tensor = tensor
        self._request = compiled.create_infer_request()
        self.run = self._request.infer
        self.bind(count)

    def bind(self, count: int) -> None:
        """Set the batch size: new arrays, shared with the runtime."""
        self.faces: Faces = np.empty((count, FACE_SIZE, FACE_SIZE), np.uint8)
        self.logits: Logits = np.empty((count, len(LABELS)), np.float32)
        pixels = self.faces.reshape(count, 1, FACE_SIZE, FACE_SIZE)
        self._request.set_input_tensor(self._tensor(pixels, shared_memory=True))
        self._request.set_output_tensor(self._tensor(self.logits, shared_memory=True))


def executed_layers(compiled: Any) -> list[Layer]:
    """The layers that a compiled model executes, from its runtime model; constants left out.

    A ``Subgraph`` or ``Eltwise`` is a fused chain of element-wise steps. One that comes out in
    another precision than it works in only converts: the bytes of a floating-point model, or a
    requantisation.

    Args:
        compiled: an ``openvino.CompiledModel`` on the CPU.
    """
    layers = []
    for node in compiled.get_runtime_model().get_ordered_ops():
        details = {key: str(value.astype(str)) for key, value in node.get_rt_info().items()}
        kind = details["layerType"]
        if kind in ("Const", "Input", "Output"):
            continue
        precision = plain_precision(details["runtimePrecision"])
        result = plain_precision(details["outputPrecisions"].split(",")[0])
        converts = kind in _ELEMENTWISE and result != precision
        computes = kind in _COMPUTE and not converts
        layers.append(Layer(node.get_friendly_name(), kind, precision, computes))
    return layers


def _check_ports(artifact: Artifact, model: Any) -> None:
    """An IR's hashes vouch for its content, not for its being the classifier that callers expect.

    Raises:
        ArtifactError: inputs or outputs are not those of the manifest.
    """
    expected = {
        "input": (artifact.manifest.input.name, "u8", f"[?,1,{FACE_SIZE},{FACE_SIZE}]"),
        "output": (artifact.manifest.output, "f32", f"[?,{len(LABELS)}]"),
    }
    for side, ports in (("input", model.inputs), ("output", model.outputs)):
        found = [
            (port.get_any_name(), port.element_type.get_type_name(), str(port.partial_shape))
            for port in ports
        ]
        if found != [expected[side]]:
            raise ArtifactError(
                f"{artifact.path} has the {side} {found}, not {[expected[side]]}",
                "compile it again from its ONNX file",
            )


def cause(error: RuntimeError) -> str:
    """The cause at the end of OpenVINO's message, after lines of source locations."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
