"""Detector weights: where they lie, and the sha256 that they are pinned by."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from edge_emotion.errors import DetectorError
from edge_emotion.jsonio import cache_directory


@dataclass(frozen=True)
class RemoteFile:
    """A file on the web that is used only with exactly these bytes."""

    name: str
    url: str
    sha256: str
    licence: str


YUNET = RemoteFile(
    name="yunet",
    url=(
        "https://github.com/opencv/opencv_zoo/raw/main/models/"
        "face_detection_yunet/face_detection_yunet_2026may.onnx"
    ),
    sha256="ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0",
    licence="MIT",
)
"""YuNet, the face detector of OpenCV's model zoo (Wu, Peng, Yu: "YuNet: A Tiny
Millisecond-level Face Detector", Machine Intelligence Research, 2023)."""


def yunet_path() -> Path:
    """Where YuNet's weights are looked for: ``EDGE_EMOTION_YUNET``, else the cache folder."""
    configured = os.environ.get("EDGE_EMOTION_YUNET")
    if configured:
        return Path(configured)
    return cache_directory() / "models" / Path(YUNET.url).name


def verified_yunet() -> bytes:
    """YuNet's weights. The bytes that were hashed are those returned: no file is read twice.

    Raises:
        DetectorError: they are missing, or not the pinned ones.
    """
    path, pull = yunet_path(), "run 'edge-emotion models pull yunet'"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DetectorError(f"YuNet's weights are not at {path}", pull) from error
    if hashlib.sha256(content).hexdigest() != YUNET.sha256:
        raise DetectorError(f"{path} is not the pinned YuNet (sha256 differs)", pull)
    return content
