"""From YuNet's output maps to faces.

The network looks at its input on three grids. Each cell gives the probability that it belongs to
a face (``cls``), that a face is centred there (``obj``), that face's centre and size relative to
the cell (``bbox``: centre in cells, size as natural logarithm of cells) and its five landmarks
(``kps``, in cells). Reference: Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector",
Machine Intelligence Research, 2023, and OpenCV's ``FaceDetectorYN``, which scores a cell by
sqrt(cls × obj).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from edge_emotion.vision.base import FaceBox

STRIDES = (8, 16, 32)
"""Pixels of a cell's side on each grid."""

Array = npt.NDArray[np.float32]


class Anchors:
    """The cells of all grids over an input of one size.

    Args:
        width: of the network's input, a multiple of 32.
        height: likewise.
    """

    def __init__(self, width: int, height: int) -> None:
        corners, sides = [], []
        for stride in STRIDES:
            rows, columns = np.mgrid[: height // stride, : width // stride]
            corners.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
            sides.append(np.full((rows.size, 1), stride))
        self._corners = np.concatenate(corners).astype(np.float32)
        self._sides = np.concatenate(sides).astype(np.float32)

    def faces(self, outputs: Mapping[str, Array], threshold: float) -> Array:
        """The cells that are surely a face.

        Args:
            outputs: ``cls_8``, ``obj_16``, … → float32, (1, cells, channels).
            threshold: least score.

        Returns:
            float32, (N, 15), the surest first: left, top, width, height, five landmarks as x and
            y, score; in pixels of the network's input. Several rows may mean one face.
        """
        belongs, centred = (_all_grids(outputs, kind).clip(0, 1) for kind in ("cls", "obj"))
        scores = np.sqrt(belongs * centred)[:, 0]
        sure = np.flatnonzero(scores >= threshold)
        sure = sure[np.argsort(-scores[sure], kind="stable")]
        boxes, points = (_all_grids(outputs, kind)[sure] for kind in ("bbox", "kps"))
        corners, sides = self._corners[sure], self._sides[sure]
        sizes = np.exp(boxes[:, 2:]) * sides
        starts = (corners + boxes[:, :2]) * sides - sizes / 2
        landmarks = (points.reshape(-1, 5, 2) + corners[:, None]) * sides[:, None]
        flat = landmarks.reshape(-1, 10)
        return np.concatenate([starts, sizes, flat, scores[sure, None]], axis=1)


def _all_grids(outputs: Mapping[str, Array], kind: str) -> Array:
    """The cells of all grids, the finest first: (cells, channels)."""
    return np.concatenate([outputs[f"{kind}_{stride}"][0] for stride in STRIDES])


def face_box(row: npt.NDArray[np.float32], scale: float) -> FaceBox:
    """A face from x, y, width, height, five landmarks of two and a score.

    Args:
        row: float32, (15,), in pixels of the scaled picture.
        scale: of that picture.
    """
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
