"""Run ONNX models with ONNX Runtime: on the CPU, and where its build has them, CUDA and TensorRT.

``run`` is used rather than IO binding: for one face the two were within 4 µs of each other.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from edge_emotion.artifact import Artifact, Manifest
from edge_emotion.backends.base import Backend, Faces, LoadOptions, Logits, Session, SessionInfo
from edge_emotion.backends.gpu import compute_capability
from edge_emotion.backends.installed import import_runtime, missing
from edge_emotion.backends.layers import Layer, count_precisions
from edge_emotion.backends.onnxfile import operators, read_onnx
from edge_emotion.errors import BackendError
from edge_emotion.jsonio import cache_directory, output_directory

_ERRORS_ONLY = 3
_MOVES = {
    "Cast", "DequantizeLinear", "Flatten", "QuantizeLinear", "ReorderInput", "ReorderOutput",
    "Reshape", "Squeeze", "Transpose", "Unsqueeze",
}  # fmt: skip
_ON_INTEGERS = {"QGemm", "ConvInteger", "MatMulInteger"}


class OnnxRuntimeBackend(Backend):
    """ONNX Runtime on the CPU."""

    name = "onnxruntime"
    formats = ("onnx",)
    provider = "CPUExecutionProvider"
    install = "pip install 'edge-emotion[cpu]'"

    def unavailable_reason(self) -> str | None:
        """Whether ONNX Runtime is installed."""
        return missing("onnxruntime", self.install)

    def provider_options(self, manifest: Manifest) -> dict[str, str]:  # noqa: ARG002 - for others
        """What the execution provider is told."""
        return {}

    def _load(self, artifact: Artifact, options: LoadOptions) -> Session:
        runtime = import_runtime("onnxruntime", self.install)
        providers = [(self.provider, self.provider_options(artifact.manifest))]
        return _OnnxRuntimeSession(artifact, runtime, self.name, providers, options)


class _GpuProviderBackend(OnnxRuntimeBackend):
    install = "pip install onnxruntime-gpu"

    def unavailable_reason(self) -> str | None:
        """Whether this build of ONNX Runtime has the provider, and the machine a GPU."""
        absent = missing("onnxruntime", self.install)
        if absent:
            return absent
        runtime = import_runtime("onnxruntime", self.install)
        if self.provider not in runtime.get_available_providers():
            return f"this onnxruntime was built without {self.provider}: {self.install}"
        return None if compute_capability() else "no NVIDIA GPU with a driver on this machine"


class CudaBackend(_GpuProviderBackend):
    """ONNX Runtime's CUDA provider."""

    name = "onnxruntime-cuda"
    provider = "CUDAExecutionProvider"


class TensorRTProviderBackend(_GpuProviderBackend):
    """ONNX Runtime's TensorRT provider; engines are kept in the cache folder."""

    name = "onnxruntime-tensorrt"
    provider = "TensorrtExecutionProvider"
    encoding = "tensorrt"

    def provider_options(self, manifest: Manifest) -> dict[str, str]:
        """Precision as the model was made, and where to keep engines.

        Reference: https://onnxruntime.ai/docs/execution-providers/TensorRT-ExecutionProvider.html

        Raises:
            OutputError: the cache folder cannot be written to.
        """
        # The provider itself creates the last folder of a path only.
        engines = output_directory(cache_directory() / "onnxruntime-tensorrt")
        return {
            "trt_int8_enable": str(manifest.precision == "int8"),
            "trt_fp16_enable": str(manifest.precision == "fp16"),
            "trt_engine_cache_enable": "True",
            "trt_engine_cache_path": str(engines),
        }


class _OnnxRuntimeSession(Session):
    def __init__(
        self,
        artifact: Artifact,
        runtime: Any,
        backend: str,
        providers: list[tuple[str, dict[str, str]]],
        options: LoadOptions,
    ) -> None:
        super().__init__(artifact)
        self._runtime = runtime
        self._backend = backend
        self._providers = providers
        self._threads = options.thread_count
        self._content = read_onnx(artifact)
        self._session = self._create(self._options())
        used = self._session.get_providers()[0]
        if used != providers[0][0]:
            raise BackendError(
                f"ONNX Runtime cannot use {providers[0][0]} for {artifact.path} and fell back "
                f"to {used}",
                "check its CUDA libraries, or choose the backend onnxruntime",
            )
        self._input = artifact.manifest.input.name
        self._outputs = [artifact.manifest.output]

    def info(self) -> SessionInfo:
        """What runs the model; precisions are known on the CPU only."""
        provider = self._providers[0][0]
        on_cpu = provider == OnnxRuntimeBackend.provider
        return SessionInfo(
            backend=self._backend,
            runtime=f"ONNX Runtime {self._runtime.__version__}",
            device=provider.removesuffix("ExecutionProvider"),
            threads=self._threads,
            precision=count_precisions(self._executed_layers()) if on_cpu else {},
        )

    def _infer(self, faces: Faces) -> Logits:
        try:
            logits: Logits = self._session.run(self._outputs, {self._input: faces[:, None]})[0]
        except Exception as error:
            raise BackendError(f"ONNX Runtime failed: {error}") from error
        return logits

    def _options(self) -> Any:
        options = self._runtime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.execution_mode = self._runtime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = self._runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = _ERRORS_ONLY
        return options

    def _create(self, options: Any) -> Any:
        try:
            return self._runtime.InferenceSession(self._content, options, providers=self._providers)
        except Exception as error:  # the runtime's exceptions share no narrower base
            raise BackendError(
                f"ONNX Runtime refused {self.artifact.path}: {error}",
                "export it again, or install a newer onnxruntime",
            ) from error

    def _executed_layers(self) -> list[Layer]:
        """The optimised graph, which the runtime gives only as a file."""
        with tempfile.TemporaryDirectory() as folder:
            optimised = Path(folder) / "optimised.onnx"
            options = self._options()
            options.optimized_model_filepath = str(optimised)
            self._create(options)
            nodes = operators(optimised.read_bytes())
        return [
            Layer(node.output, node.op_type, _precision(node.op_type), node.op_type not in _MOVES)
            for node in nodes
        ]

    def _close(self) -> None:
        del self._session


def _precision(op_type: str) -> str:
    integers = op_type.startswith("QLinear") or op_type in _ON_INTEGERS
    return "int8" if integers else "f32"
