"""Where faces are between two looks of the detector.

A detector costs milliseconds; following the faces it found costs a tenth of one. ``Tracker`` is
the seam between detector and classifier: it says where the faces of the next frame are, or that
the detector must look, and is then told what the detector found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from edge_emotion.vision.base import FaceBox, Image, Picture, Point
from edge_emotion.vision.flow import Motion, motions
from edge_emotion.vision.opencv import cv2
from edge_emotion.vision.scale import scaled_down

NEWCOMER_SECONDS = 0.25
"""A new face is found within this time."""

_LONGER_SIDE = 320
"""Faces are followed in a gray picture of this size."""
_LEAST_CONFIDENCE = 0.6


class Tracker(Protocol):
    """Follows the faces of one source, frame by frame."""

    def follow(self, frame: Picture) -> list[FaceBox] | None:
        """Where the faces are in the next frame, or ``None``: the detector must look at it."""

    def found(self, boxes: Sequence[FaceBox]) -> None:
        """What the detector found in the frame that ``follow`` was just given."""


def looks_every(rate: float) -> int:
    """Frames from one look of the detector to the next, at ``rate`` frames per second."""
    return max(int(NEWCOMER_SECONDS * rate), 1)


class FlowTracker:
    """Follows faces by optical flow, for as long as that can be trusted.

    The detector must look when this many frames have passed since it last did, when a face cannot
    be followed or reaches the picture's edge, while there is no face, and once more after it found
    fewer faces than the time before.

    Args:
        interval: frames from one look to the next, at least 1; 1 is a look at every frame.
    """

    def __init__(self, interval: int) -> None:
        self._interval = interval
        self._left = 0
        """Frames until the next look."""
        self._faces: list[_Followed] = []
        self._gray: Image | None = None

    def follow(self, frame: Picture) -> list[FaceBox] | None:
        """Where the faces are, or ``None``."""
        if self._interval == 1:
            return None
        full = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
        gray, scale = scaled_down(full, _LONGER_SIDE)
        before, self._gray = self._gray, gray
        self._left -= 1
        if self._left < 0 or not self._faces or before is None or before.shape != gray.shape:
            return None
        places = np.array([face.place() for face in self._faces], np.float32) * np.float32(scale)
        moved = motions(before, gray, places)
        if any(motion.confidence < _LEAST_CONFIDENCE for motion in moved):
            return None
        pairs = zip(self._faces, moved, strict=True)
        self._faces = [face.after(motion, scale) for face, motion in pairs]
        if any(face.reached_edge(frame.shape[1], frame.shape[0]) for face in self._faces):
            return None
        return [face.box() for face in self._faces]

    def found(self, boxes: Sequence[FaceBox]) -> None:
        """Start again from what the detector found."""
        fewer = len(boxes) < len(self._faces)
        self._left = 0 if fewer else self._interval - 1
        self._faces = [
            _Followed(box, (box.x + box.width / 2, box.y + box.height / 2)) for box in boxes
        ]


@dataclass(frozen=True)
class _Followed:
    """A face since the detector found it. Not rounded to pixels, which would drift.

    Args:
        seen: as the detector found it.
        centre: where its centre is now.
        growth: its size now ÷ its size then.
    """

    seen: FaceBox
    centre: Point
    growth: float = 1.0

    def place(self) -> tuple[float, float, float, float]:
        """Left, top, width and height now."""
        width, height = self.seen.width * self.growth, self.seen.height * self.growth
        return self.centre[0] - width / 2, self.centre[1] - height / 2, width, height

    def after(self, motion: Motion, scale: float) -> _Followed:
        """The face one motion later, which was measured in a picture of ``scale``."""
        x, y = (now + by / scale for now, by in zip(self.centre, motion.shift, strict=True))
        return replace(self, centre=(x, y), growth=self.growth * motion.growth)

    def box(self) -> FaceBox:
        """What the detector would say of it now."""
        x, y, width, height = (round(value) for value in self.place())
        seen = self.seen
        middle = (seen.x + seen.width / 2, seen.y + seen.height / 2)
        landmarks = seen.landmarks and tuple(
            (
                self.centre[0] + (px - middle[0]) * self.growth,
                self.centre[1] + (py - middle[1]) * self.growth,
            )
            for px, py in seen.landmarks
        )
        return FaceBox(x, y, max(width, 1), max(height, 1), seen.score, landmarks)

    def reached_edge(self, width: int, height: int) -> bool:
        """Whether it leaves a picture that it was wholly inside when it was found."""
        seen = self.seen
        was = (seen.x, seen.y, seen.width, seen.height)
        return _inside(was, width, height) and not _inside(self.place(), width, height)


def _inside(place: tuple[float, float, float, float], width: int, height: int) -> bool:
    x, y, across, down = place
    return x >= 0 and y >= 0 and x + across <= width and y + down <= height
