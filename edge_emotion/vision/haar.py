"""Viola and Jones' cascade of Haar features, which OpenCV 4 wheels bring along."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from edge_emotion.errors import DetectorError
from edge_emotion.vision.base import FRAMING, FaceBox, Picture
from edge_emotion.vision.opencv import cv2
from edge_emotion.vision.scale import scaled_down
from edge_emotion.vision.suppress import Boxes, kept_apart

_CASCADE = "haarcascade_frontalface_default.xml"
_DEBIAN = Path("/usr/share/opencv4/haarcascades")
_WHEEL_THAT_HAS_THEM = "pip install 'opencv-python<5'"
_SMALLEST_SHARE = 20
"""The smallest face looked for is the input's longer side divided by this."""


class HaarDetector:
    """Frontal faces as squares; no landmarks, no confidence.

    Args:
        longer_side: pictures are scaled down to this many pixels before detection.
        threads: without meaning here: OpenCV counts for itself.

    Raises:
        DetectorError: this OpenCV brings no cascades.
    """

    name = "haar"
    margin = FRAMING
    worth_following = True

    def __init__(self, longer_side: int, threads: int | None) -> None:  # noqa: ARG002
        self._longer_side = longer_side
        self._cascade = cv2.CascadeClassifier(str(_cascade_path()))

    def detect(self, frame: Picture) -> list[FaceBox]:
        """The faces of a BGR picture, the largest first."""
        picture, scale = scaled_down(frame, self._longer_side)
        # The cascade normalises contrast in each window itself; equalising the whole picture first
        # lost nine faces in ten here.
        gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        smallest = max(self._longer_side // _SMALLEST_SHARE, 20)
        squares, windows = self._cascade.detectMultiScale2(
            gray, scaleFactor=1.1, minNeighbors=5, minSize=(smallest, smallest)
        )
        boxes = [
            FaceBox(round(x / scale), round(y / scale), round(w / scale), round(h / scale), 1.0)
            for x, y, w, h in _faces(squares, windows)
        ]
        return sorted(boxes, key=lambda box: -box.width)


def _faces(squares: ArrayLike, windows: ArrayLike) -> Boxes:
    """Those squares that no better supported one contradicts.

    The cascade now and then takes two people side by side for a huge third face: of six windows,
    where theirs have 40 and 20.

    Args:
        squares: (N, 4): left, top, width, height.
        windows: (N,): how many windows of the cascade each of them was made of.
    """
    boxes = np.reshape(np.asarray(squares, np.float32), (-1, 4))
    surest_first = boxes[np.argsort(-np.ravel(np.asarray(windows)), kind="stable")]
    return surest_first[kept_apart(surest_first)]


def _cascade_path() -> Path:
    """The cascade of the OpenCV in use: a wheel's own folder, or Debian's."""
    data = getattr(cv2, "data", None)
    folders = [Path(data.haarcascades)] if data is not None else []
    for folder in [*folders, _DEBIAN]:
        if hasattr(cv2, "CascadeClassifier") and (folder / _CASCADE).is_file():
            return folder / _CASCADE
    raise DetectorError(
        f"OpenCV {cv2.__version__} brings no Haar cascades (the wheels of OpenCV 5 have none, "
        "Debian's python3-opencv leaves them to opencv-data)",
        "run 'edge-emotion models pull yunet' and use --detector yunet, "
        f"or {'apt-get install opencv-data' if data is None else _WHEEL_THAT_HAS_THEM}",
    )
