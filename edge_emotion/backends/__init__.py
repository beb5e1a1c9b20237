"""Run a model on whatever this machine has."""

from __future__ import annotations

from importlib import import_module

from edge_emotion.backends.base import Backend, Faces, LoadOptions, Logits, Session, SessionInfo
from edge_emotion.errors import UsageError

REGISTRY: dict[str, str] = {
    "openvino": "edge_emotion.backends.openvino:OpenVINOBackend",
    "onnxruntime": "edge_emotion.backends.onnxruntime:OnnxRuntimeBackend",
    "tensorrt": "edge_emotion.backends.tensorrt:TensorRTBackend",
    "tensorrt-rtx": "edge_emotion.backends.tensorrt:TensorRTRTXBackend",
    "onnxruntime-cuda": "edge_emotion.backends.onnxruntime:CudaBackend",
    "onnxruntime-tensorrt": "edge_emotion.backends.onnxruntime:TensorRTProviderBackend",
    "torch": "edge_emotion.backends.torch:TorchBackend",
}
"""Name → where its class is; importing it loads no runtime."""

__all__ = [
    "REGISTRY",
    "Backend",
    "Faces",
    "LoadOptions",
    "Logits",
    "Session",
    "SessionInfo",
    "get_backend",
]


def get_backend(name: str) -> Backend:
    """The backend of that name.

    Raises:
        UsageError: no such name.
    """
    if name not in REGISTRY:
        raise UsageError(f"unknown backend {name!r}", f"choose one of: {', '.join(REGISTRY)}")
    module, _, attribute = REGISTRY[name].partition(":")
    backend: Backend = getattr(import_module(module), attribute)()
    return backend
