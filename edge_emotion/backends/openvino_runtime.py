"""OpenVINO's CPU plugin: read, compile and call a model with as little Python as possible."""

from __future__ import annotations

import io
import platform
import sys
from collections.abc import Sequence
from functools import partial
from types import ModuleType
from typing import Any

import numpy.typing as npt

from edge_emotion.backends.base import InferencePrecision, LoadOptions
from edge_emotion.backends.installed import hidden, import_runtime
from edge_emotion.backends.layers import Layer, Role, plain_precision
from edge_emotion.errors import BackendError

INSTALL = "pip install 'edge-emotion[cpu]'"

_ELEMENTWISE = {"Eltwise", "Subgraph"}
_COMPUTE = {"Convolution", "FullyConnected", "MatMul", "Pooling", "Reduce"} | _ELEMENTWISE
_CONVERT = {"Convert", "FakeQuantize", "Reorder"}
_NOT_EXECUTED = {"Const", "Input", "Output"}


class Runtime:
    """The imported package with one core.

    Raises:
        BackendUnavailable: OpenVINO is not installed.
    """

    def __init__(self) -> None:
        self._openvino = _import_openvino()
        self._core = self._openvino.Core()

    @property
    def version(self) -> str:
        """OpenVINO's version, without the commit it was built from."""
        return str(self._openvino.get_version()).split("-")[0]

    @property
    def device(self) -> str:
        """The processor's name."""
        return str(self._core.get_property("CPU", "FULL_DEVICE_NAME"))

    @property
    def narrow_precisions(self) -> tuple[InferencePrecision, ...]:
        """Float types narrower than 32 bits that the processor has instructions for."""
        able = self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        hints: dict[str, InferencePrecision] = {"BF16": "bf16", "FP16": "f16"}
        return tuple(hint for capability, hint in hints.items() if capability in able)

    @property
    def identity(self) -> str:
        """What a compiled model is compiled for: this very build, on this kind of processor."""
        able = sorted(self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
        return f"{self._openvino.get_version()} {self.device} {' '.join(able)}"

    def read(self, graph: bytes, weights: bytes = b"") -> Any:
        """An ``openvino.Model`` from the bytes of an ONNX file, or of an IR and its weights."""
        if weights:
            return self._core.read_model(graph, weights)
        return self._core.read_model(io.BytesIO(graph))

    def compile(self, model: Any, options: LoadOptions) -> Any:
        """An ``openvino.CompiledModel`` for the CPU."""
        return self._core.compile_model(model, "CPU", configuration(options))

    def restore(self, exported: bytes, options: LoadOptions) -> Any:
        """An ``openvino.CompiledModel`` from what ``export`` gave, in a tenth of the time."""
        return self._core.import_model(exported, "CPU", configuration(options))

    def request(self, compiled: Any) -> Request:
        """Something that calls a compiled model."""
        return Request(self._openvino.Tensor, compiled)


def configuration(options: LoadOptions) -> dict[str, str | int | bool]:
    """The options in OpenVINO's words.

    Threads are left to the kernel's scheduler: OpenVINO pins the first thread of every process to
    the same core, so two processes of one thread each would share one core and leave the next idle.

    On ARM, the passes of OpenVINO 2026.4 that make integer layers refuse a graph whose activations
    are unsigned ("Convolution input precision should be single"), and leave convolutions of a
    signed one in floating point. Without them the quantised graph runs as it is written, in
    floating point, and answers as ONNX Runtime does: ``deploy/check/arm64.py`` compares them.
    """
    settings: dict[str, str | int | bool] = {
        "PERFORMANCE_HINT": options.mode.upper(),
        "INFERENCE_NUM_THREADS": options.thread_count,
        "INFERENCE_PRECISION_HINT": options.inference_precision,
        "ENABLE_CPU_PINNING": False,
    }
    if platform.machine() in ("aarch64", "arm64"):
        settings["LP_TRANSFORMS_MODE"] = "NO"
    return settings


def export(compiled: Any) -> bytes:
    """A compiled model as bytes, for ``Runtime.restore``."""
    stream = io.BytesIO()
    compiled.export_model(stream)
    return stream.getvalue()


class Request:
    """An inference request whose inputs and outputs are arrays of this process.

    Presetting them and calling without arguments is what makes it quick: OpenVINO's own handling
    of arguments and results costs 50 µs a call, half of what a small network takes. What is left
    of it, an empty dictionary of arguments and one of results, is skipped by calling the method
    that the package's ``InferRequest.infer`` wraps. Each microsecond counts here: caches are cold
    after an inference, so a line of Python costs several times what it costs in a loop of its own.
    """

    def __init__(self, tensor: Any, compiled: Any) -> None:
        self._tensor = tensor
        self._request = compiled.create_infer_request()
        wrapped: Any = super(type(self._request), self._request)
        # Positional: no inputs, then whether outputs are shared, then whether strings are decoded.
        self._infer = partial(wrapped.infer, {}, True, False)
        self._infer_copy = partial(wrapped.infer, {}, False, False)

    def bind(self, picture: npt.NDArray[Any], outputs: Sequence[npt.NDArray[Any]]) -> None:
        """Share the arrays with the runtime, until others are bound.

        OpenVINO keeps no reference: whoever binds them must hold them for as long, or the process
        crashes. All must be contiguous.
        """
        self.bind_input(picture)
        for index, output in enumerate(outputs):
            self._request.set_output_tensor(index, self._tensor(output, shared_memory=True))

    def bind_input(self, picture: npt.NDArray[Any]) -> None:
        """Share another input, of the same shape."""
        self._request.set_input_tensor(self._tensor(picture, shared_memory=True))

    def run(self) -> None:
        """Read the bound input, fill the bound outputs.

        Raises:
            BackendError: the runtime failed.
        """
        try:
            self._infer()
        except RuntimeError as error:
            raise BackendError(f"OpenVINO failed: {cause(error)}") from error

    def call(self) -> npt.NDArray[Any]:
        """Read the bound input; a copy of the only output, which is the caller's.

        Raises:
            BackendError: the runtime failed.
        """
        try:
            output: npt.NDArray[Any]
            (output,) = self._infer_copy().values()
        except RuntimeError as error:
            raise BackendError(f"OpenVINO failed: {cause(error)}") from error
        return output

    def start(self) -> None:
        """Begin what ``run`` does, in a thread of the runtime's; ``wait`` before the next one."""
        self._request.start_async()

    def wait(self) -> None:
        """Wait for what was started; without that, return at once.

        Raises:
            BackendError: the runtime failed.
        """
        try:
            self._request.wait()
        except RuntimeError as error:
            raise BackendError(f"OpenVINO failed: {cause(error)}") from error


def executed_layers(compiled: Any) -> tuple[Layer, ...]:
    """The layers that a compiled model executes; what depends on constants alone is left out.

    A ``Subgraph`` or ``Eltwise`` is a fused chain of element-wise steps. One that comes out in
    another precision than it works in only converts: the bytes of a floating-point model, or a
    requantisation.

    Args:
        compiled: an ``openvino.CompiledModel`` on the CPU.
    """
    layers = []
    folded: set[str] = set()
    for node in compiled.get_runtime_model().get_ordered_ops():
        details = {key: str(value.astype(str)) for key, value in node.get_rt_info().items()}
        kind, name = details["layerType"], node.get_friendly_name()
        sources = [port.get_source_output().get_node() for port in node.inputs()]
        if kind == "Const" or (sources and all(s.get_friendly_name() in folded for s in sources)):
            folded.add(name)
        elif kind not in _NOT_EXECUTED:
            precision = plain_precision(details["runtimePrecision"])
            result = plain_precision(details["outputPrecisions"].split(",")[0])
            layers.append(Layer(name, kind, precision, _role(kind, precision, result)))
    return tuple(layers)


def _role(kind: str, precision: str, result: str) -> Role:
    if kind in _CONVERT or (kind in _ELEMENTWISE and result != precision):
        return "convert"
    return "compute" if kind in _COMPUTE else "move"


def _import_openvino() -> ModuleType:
    """OpenVINO with its model converter put off until somebody calls it.

    The package imports the converter on its own, which takes longer than all the rest of it and
    reports the import to Intel where usage reports are allowed.
    """
    if "openvino" in sys.modules:
        return import_runtime("openvino", INSTALL)
    with hidden("openvino.tools.ovc"):
        openvino = import_runtime("openvino", INSTALL)
    if not hasattr(openvino, "convert_model"):
        openvino.convert_model = _convert_model  # type: ignore[attr-defined]
    return openvino


def _convert_model(*arguments: Any, **options: Any) -> Any:
    from openvino.tools.ovc import convert_model

    return convert_model(*arguments, **options)


def cause(error: RuntimeError) -> str:
    """The cause at the end of OpenVINO's message, after lines of source locations."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
