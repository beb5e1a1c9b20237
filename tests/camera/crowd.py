"""A clip of several moving faces whose true places are known."""

from __future__ import annotations

import math

import numpy as np

from edge_emotion.camera.base import Grab, Source
from edge_emotion.camera.clip import Pose, Print, backdrop
from edge_emotion.vision import Picture

RATE = 25.0
FRAMES = 225
FACES = 4

_HEAD = (slice(40, 340), slice(120, 400))
"""Rows and columns of Grace Hopper's portrait that show her head."""
BAR_WIDTH, BAR_SPEED = 390, 500
FACE_WIDTH = 132
"""Of the widest face that the bar hides, in pixels."""


class Crowd(Source):
    """Two heads walk to and fro at one height and pass each other twice, the nearer over the
    farther. Two more stand above; a bar sweeps over them and hides each for half a second. All are
    prints of one portrait, as it is, mirrored or darker: nobody is easily told apart.

    Args:
        portrait: Grace Hopper.
    """

    live = False
    rate = RATE

    def __init__(self, portrait: Picture) -> None:
        head = np.ascontiguousarray(portrait[_HEAD])
        mirrored = np.ascontiguousarray(head[:, ::-1])
        darker = (mirrored * np.array([0.6, 0.7, 0.8])).astype(np.uint8)
        self._prints = [Print(each) for each in (head, mirrored, darker, head)]
        self._ground = backdrop(portrait)
        self._given = 0

    @classmethod
    def recognises(cls, text: str) -> bool:
        return text == "crowd"

    def grab(self) -> Grab | None:
        if self._given == FRAMES:
            return None
        self._given += 1
        return Grab(self.frame(self._given - 1), (self._given - 1) / RATE)

    def describe(self) -> str:
        return "crowd"

    def close(self) -> None:
        pass

    def poses(self, index: int) -> list[Pose]:
        """Where the heads are, the farther first."""
        turn = 2 * math.pi * index / RATE / 8
        side, along = math.sin(turn), math.cos(turn)
        return [
            Pose(340 + 20 * side, 190 + 15 * along, 210, 3 * side),
            Pose(900 - 30 * side, 190, 200, -2 * side),
            Pose(640 - 400 * along, 540 + 10 * side, 190 + 10 * side, 4 * side),
            Pose(640 + 420 * along, 545 - 10 * side, 230, -4 * side),
        ]

    def frame(self, index: int) -> Picture:
        picture = self._ground
        for pose, print_ in zip(self.poses(index), self._prints, strict=True):
            picture = print_.laid_on(picture, pose)
        left = round(index / RATE * BAR_SPEED - BAR_WIDTH)
        picture[:370, max(left, 0) : max(left + BAR_WIDTH, 0)] = (60, 90, 40)
        return picture

    def head_at(self, index: int, x: float, y: float) -> int | None:
        """Which head is at a place; ``None`` where two are so near that it may be either."""
        away = sorted(
            (math.hypot(pose.x - x, pose.y - y), head)
            for head, pose in enumerate(self.poses(index))
        )
        return away[0][1] if away[1][0] > 60 else None
