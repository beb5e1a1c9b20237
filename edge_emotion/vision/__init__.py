"""Find faces in a picture, crop them, draw what was read from them."""

from __future__ import annotations

from importlib import import_module

from edge_emotion.errors import DetectorError, UsageError
from edge_emotion.vision.base import Detector, FaceBox, Picture
from edge_emotion.vision.weights import yunet_path

REGISTRY: dict[str, str] = {
    "yunet": "edge_emotion.vision.yunet:YuNetDetector",
    "haar": "edge_emotion.vision.haar:HaarDetector",
    "none": "edge_emotion.vision.whole:WholePicture",
}
"""Name → where its class is; the class takes the pixels its input is scaled to."""

DETECTORS: tuple[str, ...] = ("auto", *REGISTRY)
"""What ``get_detector`` takes."""

FAST = 320
"""Longer side of a detector's input for video: finds 40-pixel faces in a 1280-pixel frame."""

THOROUGH = 640
"""Longer side of a detector's input for single pictures: half the face size, thrice the time."""

__all__ = ["DETECTORS", "FAST", "REGISTRY", "THOROUGH", "Detector", "FaceBox", "Picture"]


def get_detector(name: str = "auto", longer_side: int = FAST) -> Detector:
    """Make a detector.

    Args:
        name: one of ``DETECTORS``; ``auto`` is YuNet where its weights are, else Haar.
        longer_side: pictures are scaled down to this many pixels before faces are looked for.

    Raises:
        UsageError: no such name.
        DetectorError: the detector cannot run here.
    """
    if name == "auto":
        return _automatic(longer_side)
    if name not in REGISTRY:
        raise UsageError(f"unknown detector {name!r}", f"choose one of: {', '.join(DETECTORS)}")
    module, _, attribute = REGISTRY[name].partition(":")
    detector: Detector = getattr(import_module(module), attribute)(longer_side)
    return detector


def _automatic(longer_side: int) -> Detector:
    if yunet_path().is_file():
        return get_detector("yunet", longer_side)
    try:
        return get_detector("haar", longer_side)
    except DetectorError as error:
        raise DetectorError(
            "no face detector: YuNet's weights are not here and this OpenCV has no Haar cascades",
            "run 'edge-emotion models pull yunet'",
        ) from error
