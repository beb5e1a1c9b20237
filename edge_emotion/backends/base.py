"""The seam between a model file and the runtime that executes it."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from edge_emotion.artifact import Artifact, Encoding, InputSpec
from edge_emotion.backends.layers import Layer, count_precisions
from edge_emotion.closing import Closing
from edge_emotion.emotions import FACE_SIZE, LABELS
from edge_emotion.errors import ArtifactError, BackendError, BackendUnavailable

Faces = npt.NDArray[np.uint8]
Logits = npt.NDArray[np.float32]
Mode = Literal["latency", "throughput"]
InferencePrecision = Literal["f32", "bf16", "f16"]

_FACE_SHAPE = (FACE_SIZE, FACE_SIZE)
_BYTE = np.dtype(np.uint8)


@dataclass(frozen=True)
class LoadOptions:
    """How a session shall run.

    Args:
        threads: CPU threads; ``None`` is every core this process may use.
        inference_precision: what float layers compute in, where the runtime lets one choose.
        mode: ``latency`` puts every thread into one inference; ``throughput`` gives each inference
            of ``Session.infer_many`` one thread, and runs as many of them at a time.
    """

    threads: int | None = None
    inference_precision: InferencePrecision = "f32"
    mode: Mode = "latency"

    @property
    def thread_count(self) -> int:
        """``threads``, or the number of cores this process may use."""
        return self.threads or len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class SessionInfo:
    """What actually runs: read from the runtime after loading, never assumed."""

    backend: str
    runtime: str
    """Runtime name and version."""
    device: str
    threads: int
    layers: tuple[Layer, ...] = ()
    """Every layer that is executed, in order, where the runtime can tell; constants left out."""

    @property
    def precision(self) -> dict[str, int]:
        """Executed precision → number of compute layers, where the runtime can tell."""
        return count_precisions(self.layers)


class Session(Closing):
    """A loaded model. Not thread-safe; close it, or use it as a context manager."""

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact
        self._open = True

    def infer(self, faces: Faces) -> Logits:
        """Classify a batch of faces.

        Args:
            faces: uint8, (N, 48, 48), grayscale, N ≥ 1.

        Returns:
            float32 logits, (N, 7), columns in the order of ``Emotion``. The array is the caller's.

        Raises:
            BackendError: the session is closed, the shape or type is wrong, or the runtime failed.
        """
        return self._infer(self._checked(faces))

    def infer_many(self, batches: Iterable[Faces]) -> Iterator[Logits]:
        """Classify batch after batch, with the whole machine in the mode ``throughput``.

        Args:
            batches: each as for ``infer``; taken as they are needed, a few ahead of the results.
                A batch must stay as it is until its logits are there.

        Yields:
            The logits of each batch, in order, as ``infer`` gives them.

        Raises:
            BackendError: as ``infer``.
        """
        return self._infer_many(self._checked(faces) for faces in batches)

    def _checked(self, faces: Faces) -> Faces:
        if not self._open:
            raise BackendError("the session is closed", "load the model again")
        if faces.dtype != _BYTE or faces.shape[1:] != _FACE_SHAPE or len(faces) == 0:
            raise BackendError(
                f"faces must be uint8 of shape (N, {FACE_SIZE}, {FACE_SIZE}) with N >= 1, "
                f"got {faces.dtype} {faces.shape}",
                "convert to grayscale and resize before inference",
            )
        return faces

    def close(self) -> None:
        """Release the runtime's resources; closing twice is harmless."""
        if self._open:
            self._open = False
            self._close()

    @abstractmethod
    def info(self) -> SessionInfo:
        """What runs this model, as the runtime itself reports it."""

    @abstractmethod
    def _infer(self, faces: Faces) -> Logits: ...

    def _infer_many(self, batches: Iterator[Faces]) -> Iterator[Logits]:
        return map(self._infer, batches)

    def _close(self) -> None:
        """Release what the adapter holds; most runtimes free everything with their objects."""


class Backend(ABC):
    """A runtime. One subclass a file; constructing it imports nothing heavy."""

    name: str
    formats: tuple[str, ...]
    """Artefact formats it loads, as in ``Manifest.format``."""
    module: str
    """The runtime's Python module."""
    encoding: Encoding = "cpu"
    """Activation encoding it runs fastest."""

    @abstractmethod
    def unavailable_reason(self) -> str | None:
        """Why it cannot run here, with what to install; ``None`` when it can."""

    def inference_precisions(self, artifact: Artifact) -> tuple[InferencePrecision, ...]:
        """What a model's float layers may compute in here, its own precision first."""
        return ("f16",) if artifact.manifest.precision == "fp16" else ("f32",)

    def load(self, artifact: Artifact, options: LoadOptions | None = None) -> Session:
        """Load a model, in this backend's preferred encoding where the model has it.

        Raises:
            BackendUnavailable: the runtime is not installed.
            ArtifactError: the format is not this backend's, or it does not take gray faces.
            BackendError: the runtime refused the model.
        """
        reason = self.unavailable_reason()
        if reason is not None:
            raise BackendUnavailable(f"backend {self.name} cannot run here: {reason}")
        manifest = artifact.manifest
        if manifest.format not in self.formats:
            raise ArtifactError(
                f"backend {self.name} cannot load {artifact.path.name} (format {manifest.format})",
                f"it takes: {', '.join(self.formats)}",
            )
        if manifest.input.shape != InputSpec().shape:
            raise ArtifactError(
                f"{artifact.path.name} takes a camera's pixels, for other programs",
                "compile it again with --input gray",
            )
        if manifest.labels != LABELS:
            raise ArtifactError(
                f"{artifact.path} has labels {list(manifest.labels)}",
                f"this version runs models of {list(LABELS)}",
            )
        preferred = artifact if manifest.encoding == "none" else artifact.sibling(self.encoding)
        return self._load(preferred or artifact, options or LoadOptions())

    @abstractmethod
    def _load(self, artifact: Artifact, options: LoadOptions) -> Session: ...
