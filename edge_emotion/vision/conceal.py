"""Hide faces in a picture that leaves the process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_emotion.vision.base import FaceBox, Picture
from edge_emotion.vision.opencv import cv2

CELLS = 6
"""Cells across and down a hidden face. Of 6 × 6 averages no detail is left to sharpen: nobody is
recognised in so few, and no expression is read from them."""

_REACH = 0.25
"""Share of a box's size that is hidden beyond each of its edges: hair, chin and ears."""

_KEPT_SECONDS = 0.5
"""A place stays hidden for this long after its face was last found: detectors blink."""


@dataclass(frozen=True)
class _Hidden:
    box: FaceBox
    until: float


class Concealer:
    """Hides the faces of one source, and for a moment the places where faces just were."""

    def __init__(self) -> None:
        self._hidden: list[_Hidden] = []

    def saw(self, boxes: Sequence[FaceBox], position: float) -> None:
        """Take note of a frame's faces, whether or not its picture is shown.

        Args:
            boxes: where the faces are.
            position: seconds since the source's beginning; a step back forgets earlier places.
        """
        until = position + _KEPT_SECONDS
        kept = [each for each in self._hidden if position <= each.until <= until]
        self._hidden = kept + [_Hidden(box, until) for box in boxes]

    def hidden(self, picture: Picture) -> Picture:
        """A copy of the BGR picture of the frame that was last noted, with its faces hidden."""
        copy = picture.copy()
        for each in self._hidden:  # what lies under two boxes is averaged twice, never uncovered
            hide_face(copy, each.box)
        return copy


def hide_face(picture: Picture, box: FaceBox) -> None:
    """Replace one face, and some room around it, by ``CELLS`` × ``CELLS`` averages, in place."""
    across, down = round(box.width * _REACH), round(box.height * _REACH)
    top, left = max(box.y - down, 0), max(box.x - across, 0)
    region = picture[
        top : max(box.y + box.height + down, 0), left : max(box.x + box.width + across, 0)
    ]
    height, width = region.shape[:2]
    if not region.size:
        return
    cells = cv2.resize(
        region, (min(CELLS, width), min(CELLS, height)), interpolation=cv2.INTER_AREA
    )
    region[:] = np.asarray(
        cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8
    )
