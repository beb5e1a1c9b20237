"""Run a training checkpoint in PyTorch: the reference that exported models are compared with."""

from __future__ import annotations

from typing import Any

import numpy as np

from edge_emotion.artifact import Artifact
from edge_emotion.backends.base import Backend, Faces, LoadOptions, Logits, Session, SessionInfo
from edge_emotion.backends.installed import import_runtime, missing
from edge_emotion.backends.layers import Layer
from edge_emotion.errors import BackendError

INSTALL = "pip install 'edge-emotion[train]'"


class TorchBackend(Backend):
    """PyTorch on the CPU, in floating point: an INT8 checkpoint is simulated, not accelerated."""

    name = "torch"
    formats = ("safetensors",)
    module = "torch"

    def unavailable_reason(self) -> str | None:
        """Whether PyTorch and safetensors are installed."""
        return missing(self.module, INSTALL) or missing("safetensors", INSTALL)

    def _load(self, artifact: Artifact, options: LoadOptions) -> Session:
        torch = import_runtime("torch", INSTALL)
        return _TorchSession(artifact, torch, options)


class _TorchSession(Session):
    def __init__(self, artifact: Artifact, torch: Any, options: LoadOptions) -> None:
        from edge_emotion.models.checkpoint import load_network

        super().__init__(artifact)
        self._torch = torch
        self._threads = options.thread_count
        self._network = load_network(artifact.path).eval()

    def info(self) -> SessionInfo:
        """PyTorch's version; every layer runs in 32-bit floating point."""
        kinds = (self._torch.nn.Conv2d, self._torch.nn.Linear)
        layers = [
            Layer(name, type(module).__name__, "f32", "compute")
            for name, module in self._network.named_modules()
            if isinstance(module, kinds)
        ]
        return SessionInfo(
            backend="torch",
            runtime=f"PyTorch {self._torch.__version__}",
            device="CPU",
            threads=self._threads,
            layers=tuple(layers),
        )

    def _infer(self, faces: Faces) -> Logits:
        # The number of threads is the process's, so another session may have changed it.
        self._torch.set_num_threads(self._threads)
        try:
            with self._torch.inference_mode():
                pixels = self._torch.from_numpy(np.ascontiguousarray(faces)[:, None])
                logits: Logits = self._network(pixels).numpy()
        except RuntimeError as error:
            raise BackendError(f"PyTorch failed: {error}") from error
        return logits

    def _close(self) -> None:
        del self._network
