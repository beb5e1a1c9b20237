"""Where the faces of one source are, frame by frame, and which of them is which.

A detector costs milliseconds; following the faces it found costs a tenth of one. ``FaceTracker``
says where the faces of the next frame are, or that the detector must look, and is then told what
the detector found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_emotion.vision.base import FaceBox, Image, Picture
from edge_emotion.vision.flow import motions
from edge_emotion.vision.followed import Followed
from edge_emotion.vision.opencv import cv2
from edge_emotion.vision.scale import scaled_down
from edge_emotion.vision.suppress import overlaps
from edge_emotion.vision.tracks import COAST_SECONDS, Tracks

NEWCOMER_SECONDS = 0.25
"""A new face is found within this time."""

_LONGER_SIDE = 320
"""Faces are followed in a gray picture of this size."""
_LEAST_CONFIDENCE = 0.6
_MOST_SHARED = 0.4
"""Intersection over union of two boxes that have come to follow the same face."""


@dataclass(frozen=True)
class Sighting:
    """The faces of one frame.

    Args:
        faces: track → where its face is. Tracks are counted from 1 in their source and never given
            to another face.
        ended: tracks that ended since the frame before.
    """

    faces: dict[int, FaceBox]
    ended: tuple[int, ...]


def looks_every(rate: float) -> int:
    """Frames from one look of the detector to the next, at ``rate`` frames per second."""
    return max(int(NEWCOMER_SECONDS * rate), 1)


class FaceTracker:
    """Follows faces by optical flow for as long as that can be trusted, and knows them again.

    The detector must look when this many frames have passed since it last did, when a face cannot
    be followed, meets another or reaches the picture's edge, while there is no face, and once more
    after a face was lost. A face that is lost keeps its track for ``COAST_SECONDS``. All tracks
    end when the picture's size changes, when time goes back, and after a gap of that length.

    Args:
        interval: frames from one look to the next, at least 1; 1 is a look at every frame.
    """

    def __init__(self, interval: int) -> None:
        self._interval = interval
        self._left = 0
        """Frames until the next look."""
        self._tracks = Tracks()
        self._gray: Image | None = None
        self._shape: tuple[int, ...] | None = None
        self._now = 0.0

    def follow(self, frame: Picture, now: float) -> Sighting | None:
        """Where the faces are, or ``None``: the detector must look at this frame.

        Args:
            frame: BGR picture.
            now: when it was taken, in seconds of any clock.
        """
        if self._interrupted(frame, now):
            self._tracks.end_all()
            self._gray = None
        self._shape, self._now = frame.shape, now
        self._tracks.end_lost(now)
        return self._sighting() if self._interval > 1 and self._followed(frame) else None

    def found(self, frame: Picture, boxes: Sequence[FaceBox]) -> Sighting:
        """What the detector found in the frame that ``follow`` was just given."""
        lost = self._tracks.see(frame, boxes, self._now)
        self._left = 0 if lost else self._interval - 1
        return self._sighting()

    def _interrupted(self, frame: Picture, now: float) -> bool:
        passed = now - self._now
        return frame.shape != self._shape or passed < 0 or passed >= COAST_SECONDS

    def _followed(self, frame: Picture) -> bool:
        """Whether every visible face could be followed into the frame."""
        full = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
        gray, scale = scaled_down(full, _LONGER_SIDE)
        before, self._gray = self._gray, gray
        self._left -= 1
        faces = [track.face for track in self._tracks.visible]
        if self._left < 0 or not faces or before is None:
            return False
        places = np.array([face.place() for face in faces], np.float32) * np.float32(scale)
        moved = motions(before, gray, places)
        if any(motion.confidence < _LEAST_CONFIDENCE for motion in moved):
            return False
        after = [face.after(motion, scale) for face, motion in zip(faces, moved, strict=True)]
        height, width = frame.shape[:2]
        if any(face.reached_edge(width, height) for face in after) or _met(after):
            return False
        self._tracks.follow(after, self._now)
        return True

    def _sighting(self) -> Sighting:
        faces = {track.id: track.face.box() for track in self._tracks.visible}
        return Sighting(faces, self._tracks.take_ended())


def _met(faces: Sequence[Followed]) -> bool:
    places = np.array([face.place() for face in faces], np.float32)
    return bool((np.triu(overlaps(places, places), 1) > _MOST_SHARED).any())
