"""Find faces in a picture, crop them, draw what was read from them."""

from __future__ import annotations

from importlib import import_module

from edge_emotion.errors import DetectorError, UsageError
from edge_emotion.vision.base import Detector, FaceBox, Picture
from edge_emotion.vision.weights import yunet_path

REGISTRY: dict[str, str] = {
    "yunet": "edge_emotion.vision.yunet:open_yunet",
    "haar": "edge_emotion.vision.haar:HaarDetector",
    "none": "edge_emotion.vision.whole:WholePicture",
}
"""Name → what makes it, from the pixels its input is scaled to and a number of threads."""

DETECTORS: tuple[str, ...] = ("auto", *REGISTRY)
"""What ``get_detector`` takes."""

FAST = 448
"""Longer side of a detector's input for video. Of a frame 1280 pixels wide, YuNet finds faces of 64
pixels with it and misses half of those of 48; ``benchmarks/detectors.py`` has the figures."""

THOROUGH = 640
"""Longer side of a detector's input for single pictures: faces of 40 pixels, twice the time."""

__all__ = ["DETECTORS", "FAST", "REGISTRY", "THOROUGH", "Detector", "FaceBox", "Picture"]


def get_detector(
    name: str = "auto", longer_side: int = FAST, threads: int | None = None
) -> Detector:
    """Make a detector.

    Args:
        name: one of ``DETECTORS``; ``auto`` is YuNet where its weights are, else Haar.
        longer_side: pictures are scaled down to this many pixels before faces are looked for.
        threads: CPU threads of one detection, where the detector's runtime lets one choose;
            ``None`` is every core.

    Raises:
        UsageError: no such name.
        DetectorError: the detector cannot run here.
    """
    if name == "auto":
        return _automatic(longer_side, threads)
    if name not in REGISTRY:
        raise UsageError(f"unknown detector {name!r}", f"choose one of: {', '.join(DETECTORS)}")
    module, _, attribute = REGISTRY[name].partition(":")
    detector: Detector = getattr(import_module(module), attribute)(longer_side, threads)
    return detector


def _automatic(longer_side: int, threads: int | None) -> Detector:
    if yunet_path().is_file():
        return get_detector("yunet", longer_side, threads)
    try:
        return get_detector("haar", longer_side, threads)
    except DetectorError as error:
        raise DetectorError(
            "no face detector: YuNet's weights are not here and this OpenCV has no Haar cascades",
            "run 'edge-emotion models pull yunet'",
        ) from error
