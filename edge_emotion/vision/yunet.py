"""YuNet, a face detector of 75,000 parameters, through OpenCV's ``FaceDetectorYN``."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from edge_emotion.errors import DetectorError
from edge_emotion.vision.base import FRAMING, FaceBox, Picture
from edge_emotion.vision.opencv import cv2
from edge_emotion.vision.scale import scaled_down
from edge_emotion.vision.weights import YUNET, yunet_path

_PULL = "run 'edge-emotion models pull yunet'"


class YuNetDetector:
    """Faces with five landmarks each.

    Args:
        longer_side: pictures are scaled down to this many pixels before detection.
        threshold: least score of a face.

    Raises:
        DetectorError: the weights are missing or not the pinned ones, or OpenCV is too old.
    """

    name = "yunet"
    margin = FRAMING

    def __init__(self, longer_side: int, threshold: float = 0.7) -> None:
        self._longer_side = longer_side
        weights = np.frombuffer(_verified_weights(), np.uint8)
        try:
            self._network = cv2.FaceDetectorYN.create(
                "onnx", weights, np.empty(0, np.uint8), (longer_side, longer_side), threshold
            )
        except (AttributeError, cv2.error) as error:
            raise DetectorError(
                f"OpenCV {cv2.__version__} cannot load YuNet",
                "install OpenCV 4.8 or newer, or choose --detector haar",
            ) from error

    def detect(self, frame: Picture) -> list[FaceBox]:
        """The faces of a BGR picture, the surest first."""
        picture, scale = scaled_down(frame, self._longer_side)
        self._network.setInputSize((picture.shape[1], picture.shape[0]))
        _, rows = self._network.detect(picture)
        if rows is None:
            return []
        boxes = [_box(np.asarray(row, np.float32), scale) for row in rows]
        return sorted(boxes, key=lambda box: -box.score)


def _box(row: npt.NDArray[np.float32], scale: float) -> FaceBox:
    """From x, y, width, height, five landmarks of two and a score, in the scaled picture."""
    x, y, width, height = (round(value / scale) for value in row[:4].tolist())
    points = (row[4:14].reshape(5, 2) / scale).tolist()
    return FaceBox(
        x,
        y,
        max(width, 1),
        max(height, 1),
        score=min(float(row[14]), 1.0),
        landmarks=tuple((px, py) for px, py in points),
    )


def _verified_weights() -> bytes:
    path = yunet_path()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DetectorError(f"YuNet's weights are not at {path}", _PULL) from error
    # The bytes that were hashed are the bytes that are loaded: no file is read twice.
    if hashlib.sha256(content).hexdigest() != YUNET.sha256:
        raise DetectorError(f"{path} is not the pinned YuNet (sha256 differs)", _PULL)
    return content
