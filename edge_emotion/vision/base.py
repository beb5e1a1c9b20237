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

FRAMING = -0.05
"""What to add to the longer side of a box of YuNet or Haar for the square that is cut out.

``python benchmarks/crops.py --data archive.zip`` lays FER-2013's PublicTest on photographs, finds
the faces again and classifies what is cut out around them by ``small``. Of the faces found by
YuNet, it reads 68.7 % with this margin, 68.6 % with 0 and 67.1 % with +0.1, of those found by Haar
70.0, 69.5 and 67.8 %; of the pictures themselves 70.4 and 70.9 %. With their surroundings
continued, so that a wide cut shows no foreign background: 68.5, 68.4 and 67.6 % (YuNet), 69.7, 69.8
and 69.2 % (Haar). Whole heads agree: cut so, two portraits have their eyes 0.39 of the square apart
(YuNet) and 0.36 and 0.47 (Haar), FER-2013's faces 0.36 in the median and 0.26 to 0.45 in nine of
ten.
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
