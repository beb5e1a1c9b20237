"""How boxes move from one picture to the next: median flow.

A grid of points in each box is followed forward by the pyramidal method of Lucas and Kanade, and
back again. A point that does not come back to where it started was not followed. The box moves by
the median of the others and grows by the median change of their distances. Reference: Kalal,
Mikolajczyk, Matas, "Forward-Backward Error: Automatic Detection of Tracking Failures", ICPR 2010.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_emotion.vision.base import Image
from edge_emotion.vision.opencv import cv2

_SIDE = 4
"""Points in a row, and rows, of a box's grid."""
_SPREAD = 0.7
"""The grid's side as a share of the box's: the corners of a box are background."""
_WINDOW = (9, 9)
_LEVELS = 2
_MOST_ASTRAY = 0.7
"""Pixels between where a point started and where following it back ends."""
_LEAST_POINTS = 3

_STEPS = np.linspace(-_SPREAD / 2, _SPREAD / 2, _SIDE, dtype=np.float32)
_GRID = np.stack(np.meshgrid(_STEPS, _STEPS), axis=-1).reshape(-1, 2)
_FIRST, _SECOND = np.triu_indices(len(_GRID), 1)

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Motion:
    """What happened to one box.

    Args:
        shift: of its centre, x and y in pixels.
        growth: new size ÷ old size.
        confidence: share of its points that could be followed, 0 to 1.
    """

    shift: tuple[float, float]
    growth: float
    confidence: float


def motions(before: Image, after: Image, boxes: Array) -> list[Motion]:
    """Follow boxes from one gray picture to the next of the same size.

    Args:
        before: uint8, (height, width).
        after: likewise.
        boxes: float32, (N, 4), N ≥ 1: left, top, width, height in pixels of ``before``.
    """
    centres, sizes = boxes[:, None, :2] + boxes[:, None, 2:] / 2, boxes[:, None, 2:]
    starts = (centres + _GRID * sizes).astype(np.float32)
    ends, seen = _flow(before, after, starts)
    back, seen_back = _flow(after, before, ends)
    astray = np.linalg.norm(back - starts, axis=2)
    followed = seen & seen_back & (astray <= _MOST_ASTRAY)
    return [_motion(*each) for each in zip(starts, ends, followed, strict=True)]


def _flow(before: Image, after: Image, points: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Where points (N, P, 2) went, and which were found: (N, P)."""
    flat = points.reshape(-1, 1, 2)
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        before, after, flat, np.empty_like(flat), winSize=_WINDOW, maxLevel=_LEVELS
    )
    return np.asarray(found, np.float32).reshape(points.shape), np.asarray(status).reshape(
        points.shape[:2]
    ) == 1


def _motion(starts: Array, ends: Array, followed: npt.NDArray[np.bool_]) -> Motion:
    confidence = float(followed.mean())
    if followed.sum() < _LEAST_POINTS:
        return Motion((0.0, 0.0), 1.0, confidence)
    x, y = np.median((ends - starts)[followed], axis=0).tolist()
    pairs = followed[_FIRST] & followed[_SECOND]
    old, new = (
        np.linalg.norm((points[_FIRST] - points[_SECOND])[pairs], axis=1)
        for points in (starts, ends)
    )
    return Motion((x, y), float(np.median(new / old)), confidence)
