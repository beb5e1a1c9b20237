"""Whether a face can be judged, and why not.

Of FER-2013's PublicTest, ``small`` reads 69.5 %. A face is refused about where it would read ten
points less of pictures that are as small, as blurred or as turned. ``python benchmarks/quality.py
--data archive.zip`` gave every figure here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from edge_emotion.vision.base import FaceBox, Point
from edge_emotion.vision.opencv import cv2

Defect = Literal["too small", "too blurred", "too turned"]

LEAST_SIDE = 14
"""Pixels of a box's shorter side. YuNet's boxes are 0.77 as wide as high in the median, so this is
a cut of 18 pixels: of faces shrunk to that, 59.0 % are read; half of them are too blurred."""

LEAST_SHARPNESS = 0.0125
"""Faces smeared over 5 pixels (of 48), of which 59 to 63 % are read, have medians of 0.0109 to
0.0186; over 7 pixels, 48 to 56 %, 0.0069 to 0.0105. Faces blurred by a Gaussian of 1.125 pixels,
of which 66.3 % are read, have a median of 0.0124: sharpness does not tell such a blur from a smear.
Of untouched faces, 0.03 % are below."""

MOST_ROLL = 25.0
"""Degrees, as YuNet's landmarks have it, which understate a roll: of faces rolled by 35 degrees, of
which 56.7 % are read, they say 22 in the median, and beyond that YuNet finds few. So few untouched
faces are rolled that far that they tell little: of faces beyond it, 68.3 % are read (41 faces), of
those from 20 to 25 degrees 68.6 % (70)."""

MOST_YAW = 50.0
"""Degrees, as YuNet's landmarks have it: of faces beyond it, 63.6 % are read (66 faces), of those
from 40 to 50 degrees 64.3 % (98)."""

_NOSE_AHEAD = 0.5
"""How far the tip of the nose lies in front of the line between the eyes, in eye distances: some 30
of 63 mm in an adult."""

_BENDS = tuple(
    np.array(kernel, np.float32)
    for kernel in (
        ((0, 0, 0), (1, -2, 1), (0, 0, 0)),
        ((0, 1, 0), (0, -2, 0), (0, 1, 0)),
        ((0.5, 0, 0), (0, -1, 0), (0, 0, 0.5)),
        ((0, 0, 0.5), (0, -1, 0), (0.5, 0, 0)),
    )
)
"""Second differences across, down and along both diagonals, for a step of one pixel."""


@dataclass(frozen=True)
class Turn:
    """How a head is turned, in degrees.

    Args:
        yaw: towards the right of the picture (positive) or the left.
        roll: in the picture's plane, clockwise (positive) or back.
    """

    yaw: float
    roll: float


def defect_of_box(box: FaceBox) -> Defect | None:
    """What its size and landmarks already say against judging a face."""
    if min(box.width, box.height) < LEAST_SIDE:
        return "too small"
    if box.landmarks is None:
        return None
    turn = turn_of(box.landmarks)
    return "too turned" if abs(turn.yaw) > MOST_YAW or abs(turn.roll) > MOST_ROLL else None


def defect_of_crop(face: npt.NDArray[np.uint8]) -> Defect | None:
    """What a face's pixels, gray and 48×48, say against judging it."""
    return "too blurred" if sharpness(face) < LEAST_SHARPNESS else None


def sharpness(face: npt.NDArray[np.uint8]) -> float:
    """Variance of the second difference, in the direction where it is least ÷ the face's variance.

    The variance of the Laplacian (Pertuz et al., "Analysis of focus measure operators",
    Pattern Recognition 46, 2013), taken apart: a face that moved is smeared in one direction and
    sharp across it. It tells faces that are read rightly from others better than the Laplacian:
    area under the curve 0.64 against 0.58.
    """
    variance = _variance(face)
    if variance == 0:
        return 0.0
    pixels = face.astype(np.float32)
    return min(_variance(cv2.filter2D(pixels, -1, bend)) for bend in _BENDS) / variance


def _variance(values: npt.NDArray[np.integer[Any] | np.floating[Any]]) -> float:
    return float(cv2.meanStdDev(values)[1][0, 0]) ** 2  # a third of the time of NumPy's


def turn_of(landmarks: Sequence[Point]) -> Turn:
    """Yaw and roll from the eyes and the tip of the nose.

    Seen from afar, a head turned by ``yaw`` shows its eyes nearer together by cos(yaw) and the tip
    of its nose beside their middle by ``_NOSE_AHEAD`` sin(yaw) eye distances.

    Args:
        landmarks: right eye, left eye, nose tip and any more, as ``FaceBox`` has them.
    """
    (right_x, right_y), (left_x, left_y), (nose_x, nose_y) = landmarks[:3]
    across, down = left_x - right_x, left_y - right_y
    squared = across**2 + down**2
    if squared == 0:
        return Turn(90.0, 0.0)  # one eye hides the other
    middle_x, middle_y = (right_x + left_x) / 2, (right_y + left_y) / 2
    aside = ((nose_x - middle_x) * across + (nose_y - middle_y) * down) / squared
    yaw = math.degrees(math.atan(aside / _NOSE_AHEAD))
    return Turn(yaw, math.degrees(math.atan2(down, across)))
