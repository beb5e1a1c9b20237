"""Model files and their hashes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edge_emotion.artifact import SHIPPED, Artifact
from edge_emotion.camera.doctor.check import Check, failure, ok, warning
from edge_emotion.errors import ArtifactError, DetectorError
from edge_emotion.vision.weights import verified_yunet, yunet_path

_REINSTALL = "install edge-emotion again"
_PULL = "edge-emotion models pull yunet"


def model_checks() -> Iterator[Check]:
    """Every shipped classifier, and the face detector."""
    paths = sorted(SHIPPED.glob("*.onnx"))
    yield from map(_classifier, paths)
    if not paths:
        yield failure("models", f"none in {SHIPPED}", _REINSTALL)
    yield _detector()


def _classifier(path: Path) -> Check:
    topic = f"model {path.name}"
    try:
        return ok(topic, f"sha256 {Artifact.load(path).manifest.sha256[:12]}… verified")
    except ArtifactError as error:
        return failure(topic, str(error), _REINSTALL)


def _detector() -> Check:
    topic = "detector YuNet"
    if not yunet_path().is_file():
        return warning(topic, f"not at {yunet_path()}: Haar finds fewer faces", _PULL)
    try:
        verified_yunet()
    except DetectorError as error:
        return failure(topic, str(error), _PULL)
    return ok(topic, "sha256 verified")
