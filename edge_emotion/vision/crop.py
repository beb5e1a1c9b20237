"""From a box in a picture to the 48×48 gray face a model takes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_emotion.emotions import FACE_SIZE
from edge_emotion.vision.base import FRAMING, FaceBox, Picture
from edge_emotion.vision.opencv import cv2


def crop_face(frame: Picture, box: FaceBox, margin: float = FRAMING) -> npt.NDArray[np.uint8]:
    """Cut the square around a box's centre, and make it gray.

    Args:
        frame: BGR, uint8, (height, width, 3).
        box: the face; where the square leaves the picture, the edge pixels are repeated.
        margin: the square's side is the box's longer side × (1 + margin).

    Returns:
        uint8, (48, 48): BT.601 luma, averaged over areas when shrinking.
    """
    side = max(round(max(box.width, box.height) * (1 + margin)), 1)
    left = round(box.x + (box.width - side) / 2)
    top = round(box.y + (box.height - side) / 2)
    gray = cv2.cvtColor(_square(frame, left, top, side), cv2.COLOR_BGR2GRAY)
    how = cv2.INTER_AREA if side > FACE_SIZE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(gray, (FACE_SIZE, FACE_SIZE), interpolation=how), np.uint8)


def _square(frame: Picture, left: int, top: int, side: int) -> Picture:
    """The square, with edge pixels repeated beyond the picture's edge."""
    height, width = frame.shape[:2]
    if min(left, top) >= 0 and left + side <= width and top + side <= height:
        return frame[top : top + side, left : left + side]
    rows = np.clip(np.arange(top, top + side), 0, height - 1)
    columns = np.clip(np.arange(left, left + side), 0, width - 1)
    return frame[rows[:, None], columns]
