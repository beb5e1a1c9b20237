"""YuNet inside OpenCV, for machines with neither ONNX Runtime nor OpenVINO."""

from __future__ import annotations

import numpy as np

from edge_emotion.errors import DetectorError
from edge_emotion.vision.anchors import face_box
from edge_emotion.vision.base import FRAMING, FaceBox, Picture
from edge_emotion.vision.opencv import cv2
from edge_emotion.vision.scale import scaled_down


class OpenCVYuNet:
    """OpenCV's ``FaceDetectorYN``: the same faces, three times as slowly.

    Args:
        content: the network as an ONNX file, verified.
        longer_side: pictures are scaled down to this many pixels before detection.
        threshold: least score of a face.
        most_overlap: boxes that share more than this mean one face.

    Raises:
        DetectorError: OpenCV is too old.
    """

    name = "yunet"
    margin = FRAMING
    worth_following = True

    def __init__(
        self, content: bytes, longer_side: int, threshold: float, most_overlap: float
    ) -> None:
        self._longer_side = longer_side
        weights, nothing = np.frombuffer(content, np.uint8), np.empty(0, np.uint8)
        size = (longer_side, longer_side)
        try:
            self._network = cv2.FaceDetectorYN.create(
                "onnx", weights, nothing, size, threshold, most_overlap
            )
        except (AttributeError, cv2.error) as error:
            raise DetectorError(
                f"OpenCV {cv2.__version__} cannot load YuNet",
                "pip install onnxruntime, or OpenCV 4.8 or newer, or choose --detector haar",
            ) from error

    def detect(self, frame: Picture) -> list[FaceBox]:
        """The faces of a BGR picture, the surest first."""
        picture, scale = scaled_down(frame, self._longer_side)
        self._network.setInputSize((picture.shape[1], picture.shape[0]))
        _, rows = self._network.detect(picture)
        if rows is None:
            return []
        boxes = [face_box(np.asarray(row, np.float32), scale) for row in rows]
        return sorted(boxes, key=lambda box: -box.score)
