"""The seam between a picture and what finds the faces in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
"""uint8, (height, width, 3), in OpenCV's channel order: blue, green, red."""

Image = npt.NDArray[np.uint8]
"""A ``Picture``, or a gray one: (height, width)."""

Point = tuple[float, float]
"""x and y in pixels of the picture."""

FRAMING = 0.024
"""Share of a box's longer side that FER-2013's pictures are wider than the box.

Measured on 1,200 training pictures: the longer side of YuNet's box is 0.977 of the picture's
side in the median, that of Haar's box 0.975, both centred within 0.5 %.
"""


@dataclass(frozen=True)
class FaceBox:
    """Where a face is, in pixels of the picture it was found in.

    Args:
        x: left edge; the box may reach over the edge of the picture.
        y: top edge.
        width: in pixels, at least 1.
        height: in pixels, at least 1.
        score: the detector's confidence, 0 to 1; 1 from a detector that states none.
        landmarks: right eye, left eye, nose tip, right and left mouth corner, where the
            detector gives them ("right" is the person's own).
    """

    x: int
    y: int
    width: int
    height: int
    score: float
    landmarks: tuple[Point, ...] | None = None


class Detector(Protocol):
    """Finds faces in a picture."""

    @property
    def name(self) -> str:
        """Its name in the registry."""

    @property
    def margin(self) -> float:
        """What to add to its boxes for the framing the models know, as ``crop_face`` takes it."""

    @property
    def worth_following(self) -> bool:
        """Whether following its faces from frame to frame costs less than looking again."""

    def detect(self, frame: Picture) -> list[FaceBox]:
        """The faces of a BGR picture, the surest first; none is an empty list."""
