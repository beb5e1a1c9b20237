"""ONNX Runtime: make a session, and read what it executes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from edge_emotion.backends.base import LoadOptions
from edge_emotion.backends.installed import import_runtime
from edge_emotion.backends.layers import Layer, Role
from edge_emotion.backends.onnxfile import operators
from edge_emotion.errors import BackendError

INSTALL = "pip install 'edge-emotion[cpu]'"
CPU = "CPUExecutionProvider"

Providers = list[tuple[str, dict[str, str]]]

_ERRORS_ONLY = 3
_CONVERT = {"Cast", "DequantizeLinear", "QuantizeLinear", "ReorderInput", "ReorderOutput"}
_MOVE = {"Concat", "Flatten", "Reshape", "Resize", "Squeeze", "Transpose", "Unsqueeze"}
_ON_INTEGERS = {"QGemm", "ConvInteger", "MatMulInteger"}


class Runtime:
    """The imported package.

    Args:
        install: what installs it, with the providers that are wanted.

    Raises:
        BackendUnavailable: ONNX Runtime is not installed.
    """

    def __init__(self, install: str) -> None:
        self._onnxruntime = import_runtime("onnxruntime", install)

    @property
    def version(self) -> str:
        """ONNX Runtime's version."""
        return str(self._onnxruntime.__version__)

    @property
    def providers(self) -> list[str]:
        """The execution providers of this build."""
        return list(self._onnxruntime.get_available_providers())

    def session(
        self, content: bytes, source: str, options: LoadOptions, providers: Providers
    ) -> Any:
        """An ``InferenceSession`` on the first of ``providers``.

        Args:
            content: an ONNX file.
            source: where it came from, for messages.
            options: how to run it.
            providers: execution providers with their options.

        Raises:
            BackendError: the runtime refused the graph, or fell back to another provider.
        """
        session = self._create(content, source, self._settings(options), providers)
        wanted, used = providers[0][0], session.get_providers()[0]
        if used != wanted:
            raise BackendError(
                f"ONNX Runtime cannot use {wanted} for {source} and fell back to {used}",
                "check its CUDA libraries, or choose the backend onnxruntime",
            )
        return session

    def executed_layers(
        self, content: bytes, source: str, options: LoadOptions
    ) -> tuple[Layer, ...]:
        """The layers of the graph as optimised for the CPU, which comes as a file only."""
        with tempfile.TemporaryDirectory() as folder:
            optimised = Path(folder) / "optimised.onnx"
            settings = self._settings(options)
            settings.optimized_model_filepath = str(optimised)
            self._create(content, source, settings, [(CPU, {})])
            nodes = operators(optimised.read_bytes())
        return tuple(
            Layer(node.output, node.op_type, _precision(node.op_type), _role(node.op_type))
            for node in nodes
            if node.op_type != "Constant"
        )

    def _create(self, content: bytes, source: str, settings: Any, providers: Providers) -> Any:
        try:
            return self._onnxruntime.InferenceSession(content, settings, providers=providers)
        except Exception as error:  # the runtime's exceptions share no narrower base
            raise BackendError(
                f"ONNX Runtime refused {source}: {error}",
                "export it again, or install a newer onnxruntime",
            ) from error

    def _settings(self, options: LoadOptions) -> Any:
        settings = self._onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options.thread_count
        settings.inter_op_num_threads = 1
        settings.execution_mode = self._onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        settings.graph_optimization_level = self._onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        settings.log_severity_level = _ERRORS_ONLY
        return settings


def _precision(op_type: str) -> str:
    integers = op_type.startswith("QLinear") or op_type in _ON_INTEGERS
    return "int8" if integers else "f32"


def _role(op_type: str) -> Role:
    if op_type in _CONVERT:
        return "convert"
    return "move" if op_type in _MOVE else "compute"
