"""Drawn faces with seven expressions, so that training runs with no download.

They stand in for FER-2013 in tests and demonstrations, never in a published figure.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from edge_emotion.data.expressions import Expression, vary
from edge_emotion.data.faceset import FaceTable, Split
from edge_emotion.emotions import FACE_SIZE, Emotion

FACES_PER_CLASS = {Split.TRAIN: 100, Split.PUBLIC: 30, Split.PRIVATE: 30}

_SEED = 2013
_CANVAS = 2 * FACE_SIZE  # averaged down, as a camera's pixels average light
_FRACTION_BITS = 4  # of OpenCV's fixed-point coordinates

Grey = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]
"""Float64 (N, 2): x to the right and y downwards, in face units around the middle of the face."""


@cache
def draw_faces() -> tuple[FaceTable, str]:
    """Every synthetic face, the same at each call, and the sha256 of their pixels."""
    images: list[Grey] = []
    labels: list[int] = []
    partitions: list[int] = []
    paths: list[str] = []
    for split, count in FACES_PER_CLASS.items():
        partition = list(Split).index(split)
        random = np.random.default_rng([_SEED, partition])
        for emotion in Emotion:
            images += [draw_face(emotion, random) for _ in range(count)]
            labels += [emotion.position] * count
            partitions += [partition] * count
            paths += [f"{split.value}/{emotion.value}/{number:03}.png" for number in range(count)]
    faces = np.stack(images)
    table = FaceTable(
        images=faces,
        labels=np.array(labels, np.uint8),
        partitions=np.array(partitions, np.uint8),
        sizes=np.full((len(faces), 2), FACE_SIZE, np.int32),
        colour=np.zeros(len(faces), np.bool_),
        paths=tuple(paths),
    )
    return table, hashlib.sha256(faces.tobytes()).hexdigest()


def draw_face(emotion: Emotion, random: np.random.Generator) -> Grey:
    """One face of a new person, in a new pose and light: uint8 (48, 48)."""
    expression = vary(emotion, random)
    brush = _Brush.posed(random)
    skin = random.uniform(105, 215)
    hair = random.uniform(15, 0.75 * skin)
    _draw_head(brush, skin, hair, random)
    _draw_eyes(brush, expression, skin)
    _draw_brows(brush, expression, min(hair, 0.45 * skin))
    _draw_nose(brush, expression, skin)
    _draw_mouth(brush, expression, skin)
    return _photograph(brush.canvas, random)


@dataclass(frozen=True)
class _Brush:
    """Draws shapes given in face units onto a canvas, in the pose of one face.

    Attributes:
        canvas: uint8 (96, 96), grey; drawn on in place.
        matrix: float64 (2, 2), face units to canvas pixels.
        centre: float64 (2,), the middle of the face on the canvas, in pixels.
        yaw: how far features move sideways, in face units; more in the middle than at the rim.
    """

    canvas: Grey
    matrix: npt.NDArray[np.float64]
    centre: npt.NDArray[np.float64]
    yaw: float

    @classmethod
    def posed(cls, random: np.random.Generator) -> _Brush:
        roll = np.deg2rad(random.uniform(-12, 12))
        turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
        scale = random.uniform(0.38, 0.47) * _CANVAS
        shape = np.diag([random.uniform(0.92, 1.08), 1.0])
        return cls(
            canvas=np.full((_CANVAS, _CANVAS), random.uniform(20, 235), np.uint8),
            matrix=scale * turn @ shape,
            centre=_CANVAS * (0.5 + random.uniform(-0.04, 0.04, 2)),
            yaw=random.uniform(-0.12, 0.12),
        )

    def fill(self, points: Points, grey: float) -> None:
        """A filled polygon."""
        cv2.fillPoly(self.canvas, [self._fixed(points)], grey, cv2.LINE_AA, _FRACTION_BITS)

    def stroke(self, points: Points, grey: float, width: float) -> None:
        """An open line, its width in face units."""
        thickness = max(1, round(width * float(np.linalg.norm(self.matrix[:, 1]))))
        fixed = [self._fixed(points)]
        cv2.polylines(self.canvas, fixed, False, grey, thickness, cv2.LINE_AA, _FRACTION_BITS)

    def _fixed(self, points: Points) -> npt.NDArray[np.int32]:
        # Points on the rim of a turned head stay, those in front move most.
        depth = np.clip(1 - np.square(points).sum(axis=1), 0, 1)
        seen = points + np.stack([self.yaw * depth, np.zeros(len(points))], axis=1)
        pixels = seen @ self.matrix.T + self.centre
        return np.asarray(np.round(pixels * (1 << _FRACTION_BITS)), np.int32)


def _ellipse(x: float, y: float, width: float, height: float, start: float = 0.0) -> Points:
    """Half axes ``width`` and ``height`` around (x, y); from ``start`` to a full turn, in turns."""
    angle = 2 * np.pi * np.linspace(start, 1.0, 28)
    return np.stack([x + width * np.cos(angle), y + height * np.sin(angle)], axis=1)


def _draw_head(brush: _Brush, skin: float, hair: float, random: np.random.Generator) -> None:
    length = random.uniform(-0.2, 1.0)  # how far down the hair falls
    brush.fill(np.array([[-1.3, 2.0], [-0.9, 1.15], [0.9, 1.15], [1.3, 2.0]]), hair * 0.8 + 20)
    sides = [[0.86, length], [-0.86, length]]
    brush.fill(np.vstack([_ellipse(0, -0.25, 0.86, 0.95, 0.5), sides]), hair)
    brush.fill(np.array([[-0.32, 0.6], [0.32, 0.6], [0.36, 1.5], [-0.36, 1.5]]), skin * 0.75)
    for side in (-1, 1):
        brush.fill(_ellipse(side * 0.74, 0.0, 0.1, 0.2), skin * 0.85)
    brush.fill(_ellipse(0, 0, 0.74, 1.0), skin)
    fringe = random.uniform(-0.75, -0.6)
    part = random.uniform(-0.4, 0.4)
    forehead = np.array(
        [[0.7, -0.45], [0.45, fringe + 0.02], [part, fringe - 0.08], [-0.45, fringe]]
    )
    brush.fill(np.vstack([_ellipse(0, -0.25, 0.8, 0.9, 0.5), forehead, [[-0.7, -0.45]]]), hair)


def _draw_eyes(brush: _Brush, expression: Expression, skin: float) -> None:
    height = max(expression.eye_open, 0.02)
    for side in (-1, 1):
        x, y = side * 0.32, -0.14
        brush.fill(_ellipse(x, y, 0.17, height + 0.03), skin * 0.72)
        brush.fill(_ellipse(x, y, 0.155, height), min(255.0, 90 + 0.75 * skin))
        brush.fill(_ellipse(x, y, 0.07, min(height, 0.08)), 25)
        brush.stroke(_ellipse(x, y, 0.16, height, 0.5), skin * 0.35, 0.04)


def _draw_brows(brush: _Brush, expression: Expression, grey: float) -> None:
    for side in (-1, 1):
        inner = [side * expression.brow_gap, -0.38 - expression.brow_inner]
        outer = [side * 0.54, -0.36 - expression.brow_outer]
        middle = [side * 0.36, (inner[1] + outer[1]) / 2 - 0.05]
        brush.stroke(np.array([inner, middle, outer]), grey, 0.085)


def _draw_nose(brush: _Brush, expression: Expression, skin: float) -> None:
    side = 1 if brush.yaw >= 0 else -1
    bridge = np.array([[side * 0.05, -0.1], [side * 0.11, 0.22], [0.0, 0.27]])
    brush.stroke(bridge, skin * 0.72, 0.035)
    for nostril in (-0.07, 0.07):
        brush.fill(_ellipse(nostril, 0.25, 0.04, 0.025), skin * 0.4)
    if expression.sneer > 0.06:
        for wing in (-1, 1):
            fold = np.array([[0.12, 0.12], [0.24, 0.3], [0.4, 0.52]]) * [wing, 1]
            brush.stroke(fold, skin * 0.55, 0.045)
            for y in (-0.14, -0.04):
                wrinkle = np.array([[0.04, y], [0.14, y + 0.06]]) * [wing, 1]
                brush.stroke(wrinkle, skin * 0.5, 0.035)


def _draw_mouth(brush: _Brush, expression: Expression, skin: float) -> None:
    across = np.linspace(-1, 1, 17)
    bow = 1 - across**2
    x = max(expression.mouth_width, 0.1) * across
    line = 0.55 - expression.corners * (across**2 - 0.5)
    gap = max(expression.mouth_open, 0.0) * bow
    upper = np.stack([x, line - 0.3 * gap - max(expression.sneer, 0.0) * bow], axis=1)
    lower = np.stack([x, line + 0.7 * gap], axis=1)
    brush.fill(np.vstack([upper, lower[::-1]]), 30)
    teeth = upper + [0, 1] * (lower - upper) * np.clip(expression.teeth, 0, 1)
    brush.fill(np.vstack([upper, teeth[::-1]]), min(245.0, 110 + 0.7 * skin))
    for lip in (upper, lower):
        brush.stroke(lip, skin * 0.45, 0.06)


def _photograph(canvas: Grey, random: np.random.Generator) -> Grey:
    """Light from one side, a soft lens, a small sensor and its noise: uint8 (48, 48)."""
    soft = cv2.GaussianBlur(canvas, (0, 0), random.uniform(0.4, 1.4))
    small = cv2.resize(soft, (FACE_SIZE, FACE_SIZE), interpolation=cv2.INTER_AREA)
    direction = random.uniform(0, 2 * np.pi)
    axis = np.linspace(-1, 1, FACE_SIZE)
    slope = np.cos(direction) * axis[None, :] + np.sin(direction) * axis[:, None]
    light = random.uniform(0.75, 1.15) * (1 + random.uniform(0, 0.3) * slope)
    noise = random.normal(0, random.uniform(2, 9), small.shape)
    return np.asarray(np.clip(small * light + noise, 0, 255), np.uint8)
