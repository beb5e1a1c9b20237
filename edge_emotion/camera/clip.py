"""A clip to try the loop on: two portraits, one grave and one smiling, moved about.

Prints of them drift and zoom over a blurred backdrop and cross half-way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_emotion.camera.mp4 import Mp4Writer
from edge_emotion.vision import Picture
from edge_emotion.vision.image import read_image
from edge_emotion.vision.opencv import cv2

WIDTH, HEIGHT = 1280, 720
RATE = 25.0
FRAMES = 200

_PORTRAITS = Path(__file__).parent / "portraits"
HOPPER = _PORTRAITS / "grace_hopper.jpg"
"""Grace Hopper, 512×600, one face. US Navy, public domain; as Matplotlib's sample data have it."""
COLLINS = _PORTRAITS / "eileen_collins.jpg"
"""Eileen Collins, 239×280, one face. NASA, public domain; cut from scikit-image's astronaut."""


@dataclass(frozen=True)
class Pose:
    """Where a print lies: centre in pixels, height in pixels, tilt in degrees."""

    x: float
    y: float
    height: float
    tilt: float


class DemoClip:
    """The clip's frames; every call of ``frame`` gives the same bytes for the same index."""

    def __init__(self) -> None:
        hopper = read_image(HOPPER)
        self._ground = backdrop(hopper)
        self._grave = Print(hopper)
        self._smiling = Print(read_image(COLLINS))

    def frame(self, index: int) -> Picture:
        """Frame ``index`` (0 to ``FRAMES`` - 1): BGR, uint8, (720, 1280, 3)."""
        progress = index / (FRAMES - 1)
        wave = math.sin(2 * math.pi * progress)
        near = Pose(1010 - 740 * progress, 380 + 20 * wave, 560 + 80 * wave, 4 * wave)
        far = Pose(330 + 640 * progress, 340 - 25 * wave, 430 - 70 * wave, -5 * wave)
        picture = self._smiling.laid_on(self._ground, far)
        return self._grave.laid_on(picture, near)


class Print:
    """A picture with rounded corners that can be laid on another."""

    def __init__(self, picture: Picture) -> None:
        rows, columns = picture.shape[:2]
        radius = rows // 16
        cover = np.zeros((rows, columns), np.uint8)
        cv2.rectangle(cover, (radius, 0), (columns - radius - 1, rows - 1), 255, cv2.FILLED)
        cv2.rectangle(cover, (0, radius), (columns - 1, rows - radius - 1), 255, cv2.FILLED)
        for x in (radius, columns - radius - 1):
            for y in (radius, rows - radius - 1):
                cv2.circle(cover, (x, y), radius, 255, cv2.FILLED, cv2.LINE_AA)
        self._cover = cv2.merge([cover] * 3)
        self._colour = cv2.multiply(picture, self._cover, scale=1 / 255)

    def laid_on(self, ground: Picture, pose: Pose) -> Picture:
        """``ground``, which is ``WIDTH`` × ``HEIGHT``, with the print on it."""
        rows, columns = self._cover.shape[:2]
        turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), pose.tilt, pose.height / rows)
        turn[:, 2] += (pose.x - columns / 2, pose.y - rows / 2)
        cover = cv2.warpAffine(self._cover, turn, (WIDTH, HEIGHT))
        colour = cv2.warpAffine(self._colour, turn, (WIDTH, HEIGHT))
        rest = cv2.multiply(ground, cv2.bitwise_not(cover), scale=1 / 255)
        return np.asarray(cv2.add(rest, colour), np.uint8)


def write_demo_clip(path: Path) -> Path:
    """Write the whole clip as a video file.

    Returns:
        ``path``.

    Raises:
        OutputError: the file cannot be written.
    """
    clip = DemoClip()
    writer = Mp4Writer(path, (WIDTH, HEIGHT), RATE)
    try:
        for index in range(FRAMES):
            writer.write(clip.frame(index))
    finally:
        writer.close()
    return path


def backdrop(portrait: Picture) -> npt.NDArray[np.uint8]:
    """The portrait's upper part, enlarged to fill the frame, blurred and darkened."""
    rows, columns = portrait.shape[:2]
    part = portrait[: min(rows, columns * HEIGHT // WIDTH)]
    small = cv2.GaussianBlur(cv2.resize(part, (WIDTH // 8, HEIGHT // 8)), (0, 0), 6)
    return np.asarray(cv2.convertScaleAbs(cv2.resize(small, (WIDTH, HEIGHT)), alpha=0.45), np.uint8)
