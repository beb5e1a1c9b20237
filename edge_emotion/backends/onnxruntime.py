"""Run ONNX models with ONNX Runtime: on the CPU, and where its build has them, CUDA and TensorRT.

``run`` is used rather than IO binding: with preset tensors, a face took 1 to 5 % less and eight
faces as long. ``infer_many`` needs no second way either: two cores in each inference classify as
many faces a second as two threads that each run their own.
"""

from __future__ import annotations

from edge_emotion.artifact import Artifact, Manifest
from edge_emotion.backends.base import Backend, Faces, LoadOptions, Logits, Session, SessionInfo
from edge_emotion.backends.gpu import compute_capability
from edge_emotion.backends.installed import missing
from edge_emotion.backends.onnxfile import read_onnx
from edge_emotion.backends.onnxruntime_runtime import CPU, INSTALL, Providers, Runtime
from edge_emotion.errors import BackendError
from edge_emotion.jsonio import cache_directory, output_directory


class OnnxRuntimeBackend(Backend):
    """ONNX Runtime on the CPU."""

    name = "onnxruntime"
    formats = ("onnx",)
    module = "onnxruntime"
    provider = CPU
    install = INSTALL

    def unavailable_reason(self) -> str | None:
        """Whether ONNX Runtime is installed."""
        return missing(self.module, self.install)

    def provider_options(self, manifest: Manifest) -> dict[str, str]:  # noqa: ARG002 - for others
        """What the execution provider is told."""
        return {}

    def _load(self, artifact: Artifact, options: LoadOptions) -> Session:
        providers = [(self.provider, self.provider_options(artifact.manifest))]
        return _OnnxRuntimeSession(artifact, self.name, Runtime(self.install), providers, options)


class _GpuProviderBackend(OnnxRuntimeBackend):
    install = "pip install onnxruntime-gpu"

    def unavailable_reason(self) -> str | None:
        """Whether this build of ONNX Runtime has the provider, and the machine a GPU."""
        absent = missing(self.module, self.install)
        if absent:
            return absent
        if not compute_capability():  # asked first: the build can be asked only by importing it
            return "no NVIDIA GPU with a driver on this machine"
        if self.provider not in Runtime(self.install).providers:
            return f"this onnxruntime was built without {self.provider}: {self.install}"
        return None


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
        backend: str,
        runtime: Runtime,
        providers: Providers,
        options: LoadOptions,
    ) -> None:
        super().__init__(artifact)
        self._backend = backend
        self._runtime = runtime
        self._provider = providers[0][0]
        self._options = options
        self._content = read_onnx(artifact)
        self._session = runtime.session(self._content, str(artifact.path), options, providers)
        self._input = artifact.manifest.input.name
        self._outputs = [artifact.manifest.output]

    def info(self) -> SessionInfo:
        """What runs the model; layers are known on the CPU only."""
        source = (self._content, str(self.artifact.path), self._options)
        return SessionInfo(
            backend=self._backend,
            runtime=f"ONNX Runtime {self._runtime.version}",
            device=self._provider.removesuffix("ExecutionProvider"),
            threads=self._options.thread_count,
            layers=self._runtime.executed_layers(*source) if self._provider == CPU else (),
        )

    def _infer(self, faces: Faces) -> Logits:
        try:
            logits: Logits = self._session.run(self._outputs, {self._input: faces[:, None]})[0]
        except Exception as error:
            raise BackendError(f"ONNX Runtime failed: {error}") from error
        return logits

    def _close(self) -> None:
        del self._session
