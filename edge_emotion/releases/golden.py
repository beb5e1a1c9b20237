"""What a model must say of a few faces: packed with it, and asked before a device uses it."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge_emotion.artifact import Artifact
from edge_emotion.backends import REGISTRY, Faces, LoadOptions, Logits, get_backend
from edge_emotion.data import SYNTHETIC, Split, load_dataset
from edge_emotion.emotions import FACE_SIZE, LABELS
from edge_emotion.errors import ArtifactError
from edge_emotion.evaluation import softmax

FACES = 8
TOLERANCE = 0.1
"""How far a probability may be from what was packed. Runtimes round INT8 differently: OpenVINO and
ONNX Runtime are 0.02 apart on the drawn faces of the shipped models."""
REFERENCE = "onnxruntime"


class Golden(BaseModel):
    """``FILE.golden.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    faces: str
    """Base64 of uint8 (N, 48, 48)."""
    probabilities: tuple[tuple[float, ...], ...] = Field(min_length=1, max_length=64)
    """Of each face, uncalibrated: the softmax of the logits."""

    def images(self) -> Faces:
        """The faces: uint8 (N, 48, 48).

        Raises:
            ArtifactError: they are damaged.
        """
        try:
            content = base64.b64decode(self.faces, validate=True)
            shape = (len(self.probabilities), FACE_SIZE, FACE_SIZE)
            return np.frombuffer(content, np.uint8).reshape(shape)
        except ValueError as error:
            raise ArtifactError("the golden faces are damaged", "pull the release again") from error


def golden_path(model: Path) -> Path:
    """Where the golden answers of a model file lie."""
    return model.with_name(f"{model.name}.golden.json")


def make_golden(artifact: Artifact) -> Golden:
    """Ask a model about drawn faces.

    Raises:
        EdgeEmotionError: no backend here runs it.
    """
    images = load_dataset(SYNTHETIC, Split.PUBLIC).images
    faces = np.ascontiguousarray(images[np.linspace(0, len(images) - 1, FACES).astype(int)])
    backends = runners(artifact)
    if not backends:
        raise ArtifactError(
            f"no backend of this machine runs {artifact.path.name}", "pack it where one does"
        )
    answers = _answers(artifact, REFERENCE if REFERENCE in backends else backends[0], faces)
    return Golden(
        faces=base64.b64encode(faces.tobytes()).decode(),
        probabilities=tuple(map(tuple, np.round(answers, 5).tolist())),
    )


def try_out(artifact: Artifact) -> list[str]:
    """Ask a model about its golden faces on every backend that runs it here.

    Returns:
        Those backends; none where this machine has no runtime for the file.

    Raises:
        ArtifactError: it has no golden answers, or gives others.
        BackendError: a backend failed on it.
    """
    golden = read_golden(artifact.path)
    faces, wanted = golden.images(), np.asarray(golden.probabilities)
    backends = runners(artifact)
    for backend in backends:
        answers = _answers(artifact, backend, faces)
        off = float(np.abs(answers - wanted).max())
        if not off <= TOLERANCE:  # NaN is off too
            raise ArtifactError(
                f"{artifact.path.name} on {backend} is {off:.2f} off its golden answers",
                "it is not taken into use; run 'edge-emotion doctor', and report both",
            )
    return backends


def runners(artifact: Artifact) -> list[str]:
    """Backends of this machine that run a file."""
    return [
        name
        for name in REGISTRY
        if artifact.manifest.format in get_backend(name).formats
        and get_backend(name).unavailable_reason() is None
    ]


def _answers(artifact: Artifact, backend: str, faces: Faces) -> Logits:
    with get_backend(backend).load(artifact, LoadOptions(threads=1)) as session:
        return softmax(session.infer(faces)).astype(np.float32)


def read_golden(model: Path) -> Golden:
    """The golden answers of a model file, whole.

    Raises:
        ArtifactError: there are none, or they are damaged.
    """
    path = golden_path(model)
    try:
        golden = Golden.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ArtifactError(f"{path} holds no golden answers", "pack the release again") from error
    if {len(row) for row in golden.probabilities} != {len(LABELS)}:
        raise ArtifactError(f"{path} is damaged", "pull the release again")
    golden.images()
    return golden
