"""A face that is followed from where the detector found it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from edge_emotion.vision.base import FaceBox, Point
from edge_emotion.vision.flow import Motion


@dataclass(frozen=True)
class Followed:
    """A face since the detector found it. Not rounded to pixels, which would drift.

    Args:
        seen: as the detector found it.
        centre: where its centre is now.
        growth: its size now ÷ its size then.
    """

    seen: FaceBox
    centre: Point
    growth: float = 1.0

    @classmethod
    def found(cls, box: FaceBox) -> Followed:
        """A face where the detector found it."""
        return cls(box, (box.x + box.width / 2, box.y + box.height / 2))

    @property
    def size(self) -> float:
        """The side of a square as large as its box, in pixels."""
        return math.sqrt(self.seen.width * self.seen.height) * self.growth

    def place(self) -> tuple[float, float, float, float]:
        """Left, top, width and height now."""
        width, height = self.seen.width * self.growth, self.seen.height * self.growth
        return self.centre[0] - width / 2, self.centre[1] - height / 2, width, height

    def after(self, motion: Motion, scale: float) -> Followed:
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
