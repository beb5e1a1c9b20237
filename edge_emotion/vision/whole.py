"""No detection: the picture is the face."""

from __future__ import annotations

from edge_emotion.vision.base import FaceBox, Picture


class WholePicture:
    """One face: the largest square in the middle of the picture.

    For pictures that are crops already. It never looks at the pixels, so the size and the
    threads that other detectors take have no meaning here.
    """

    name = "none"
    margin = 0.0
    worth_following = False

    def __init__(self, longer_side: int, threads: int | None) -> None:
        pass

    def detect(self, frame: Picture) -> list[FaceBox]:
        """The centre square of a BGR picture."""
        height, width = frame.shape[:2]
        side = min(height, width)
        return [FaceBox((width - side) // 2, (height - side) // 2, side, side, score=1.0)]
