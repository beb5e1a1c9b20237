"""A clip of several moving faces whose true places are known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edge_emotion.camera.clip import HEIGHT, WIDTH, Pose, Print, backdrop
from edge_emotion.vision import Picture

RATE = 25.0
FRAMES = 225
FACES = 4

_HEAD = (slice(40, 340), slice(120, 400))
"""Rows and columns of Grace Hopper's portrait that show her head."""
_FACE_WIDTH = 0.64
"""Width of the face in the head, as a share of the head's width."""
_BAR_WIDTH = 390


@dataclass(frozen=True)
class Crowd:
    """The frames: near and far pairs that cross twice, a face that a bar hides for half a second.

    Two heads walk to and fro at one height and pass each other, the nearer over the farther. Two
    more stand above; a bar sweeps over them, each face wholly hidden for about half a second.
    """

    heads: tuple[Picture, ...]
    ground: Picture

    @classmethod
    def of(cls, portrait: Picture) -> Crowd:
        head = np.ascontiguousarray(portrait[_HEAD])
        mirrored = np.ascontiguousarray(head[:, ::-1])
        darker = (head * np.array([0.6, 0.7, 0.8])).astype(np.uint8)
        return cls(
            (head, mirrored, np.ascontiguousarray(darker[:, ::-1]), head), backdrop(portrait)
        )

    def poses(self, index: int) -> list[Pose]:
        """Where the heads are, the farther first."""
        seconds = index / RATE
        turn = 2 * math.pi * seconds / 8
        side = math.sin(turn)
        return [
            Pose(340 + 20 * side, 190 + 15 * math.cos(turn), 210, 3 * side),
            Pose(900 - 30 * side, 190, 200, -2 * side),
            Pose(640 - 400 * math.cos(turn), 540 + 10 * side, 190 + 10 * side, 4 * side),
            Pose(640 + 420 * math.cos(turn), 545 - 10 * side, 230, -4 * side),
        ]

    def frame(self, index: int) -> Picture:
        picture = self.ground
        for pose, print_ in zip(self.poses(index), map(Print, self.heads), strict=True):
            picture = print_.laid_on(picture, pose)
        picture = picture.copy()
        left = round(index / RATE * 500 - 390)
        picture[:370, max(left, 0) : max(left + _BAR_WIDTH, 0)] = (60, 90, 40)
        return picture

    def nearest(self, index: int, x: float, y: float) -> int:
        """Which head a place belongs to."""
        away = [math.hypot(pose.x - x, pose.y - y) for pose in self.poses(index)]
        return away.index(min(away))
