"""Faces of the dataset, large enough to be found by a detector."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_emotion.vision.opencv import cv2


def enlarged(face: npt.NDArray[np.uint8], around: int, times: float) -> npt.NDArray[np.uint8]:
    """A face continued beyond its edges, mirrored, and then enlarged.

    Args:
        face: uint8 (side, side).
        around: pixels by which each side is continued first.
        times: by how much it is then enlarged.

    Returns:
        uint8, ``(side + 2 * around) * times`` square.
    """
    wide = cv2.copyMakeBorder(face, around, around, around, around, cv2.BORDER_REFLECT)
    large = cv2.resize(wide, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.uint8)
