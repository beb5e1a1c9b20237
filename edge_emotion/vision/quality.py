"""Whether a face can be judged, and why not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from edge_emotion.vision.base import FaceBox, Point
from edge_emotion.vision.opencv import cv2

Defect = Literal["too small", "too blurred", "too turned"]

LEAST_SIDE = 20
LEAST_SHARPNESS = 0.02
MOST_YAW = 45.0
MOST_ROLL = 30.0

_NOSE_AHEAD = 0.5


@dataclass(frozen=True)
class Turn:
    """How a head is turned, in degrees.

    Args:
        yaw: to its left (positive) or right.
        roll: clockwise in the picture (positive) or back.
    """

    yaw: float
    roll: float


def defect_of_box(box: FaceBox) -> Defect | None:
    """What its place and landmarks already tell against judging a face."""
    if min(box.width, box.height) < LEAST_SIDE:
        return "too small"
    if box.landmarks is None:
        return None
    turn = turn_of(box.landmarks)
    return "too turned" if abs(turn.yaw) > MOST_YAW or abs(turn.roll) > MOST_ROLL else None


def defect_of_crop(face: npt.NDArray[np.uint8]) -> Defect | None:
    """What a gray 48×48 face tells against judging it."""
    return "too blurred" if sharpness(face) < LEAST_SHARPNESS else None


def sharpness(face: npt.NDArray[np.uint8]) -> float:
    """Variance of a face's Laplacian, as a share of the face's own variance."""
    variance = float(face.var())
    if variance == 0:
        return 0.0
    return float(cv2.Laplacian(face, cv2.CV_32F).var()) / variance


def turn_of(landmarks: Sequence[Point]) -> Turn:
    """Yaw and roll from eyes and nose."""
    right, left, nose = (np.array(point) for point in landmarks[:3])
    eyes = left - right
    distance = float(np.hypot(*eyes))
    if distance == 0:
        return Turn(90.0, 0.0)
    aside = float((nose - (right + left) / 2) @ eyes) / distance**2
    yaw = math.degrees(math.atan(aside / _NOSE_AHEAD))
    return Turn(yaw, math.degrees(math.atan2(eyes[1], eyes[0])))
