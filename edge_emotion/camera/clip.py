"""A clip to try the loop on: a portrait that an installed package brings, moved about.

Two prints of it, one mirrored, drift and zoom over a blurred backdrop and cross half-way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_emotion.camera.mp4 import Mp4Writer
from edge_emotion.errors import SourceError
from edge_emotion.vision import Picture
from edge_emotion.vision.image import read_image
from edge_emotion.vision.opencv import cv2

WIDTH, HEIGHT = 1280, 720
RATE = 25.0
FRAMES = 200

_PORTRAITS = (
    ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
    ("skimage", "data/astronaut.png"),
)
"""Public-domain portraits of Grace Hopper (US Navy) and Eileen Collins (NASA)."""


@dataclass(frozen=True)
class Pose:
    """Where a print lies: centre in pixels, height in pixels, tilt in degrees."""

    x: float
    y: float
    height: float
    tilt: float


class DemoClip:
    """The clip's frames; every call of ``frame`` gives the same bytes for the same index.

    Raises:
        SourceError: no installed package brings a portrait.
    """

    def __init__(self) -> None:
        portrait = read_image(portrait_path())
        self._ground = backdrop(portrait)
        self._print = Print(portrait)
        self._mirrored = Print(np.ascontiguousarray(portrait[:, ::-1]))

    def frame(self, index: int) -> Picture:
        """Frame ``index`` (0 to ``FRAMES`` - 1): BGR, uint8, (720, 1280, 3)."""
        progress = index / (FRAMES - 1)
        wave = math.sin(2 * math.pi * progress)
        near = Pose(1010 - 740 * progress, 380 + 20 * wave, 560 + 80 * wave, 4 * wave)
        far = Pose(330 + 640 * progress, 340 - 25 * wave, 430 - 70 * wave, -5 * wave)
        picture = self._mirrored.laid_on(self._ground, far)
        return self._print.laid_on(picture, near)


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


def portrait_path() -> Path:
    """The portrait on this machine, found without importing the package that brings it.

    Raises:
        SourceError: none is installed.
    """
    for package, place in _PORTRAITS:
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            path = Path(spec.origin).parent / place
            if path.is_file():
                return path
    raise SourceError(
        "the demo clip is made from a portrait that matplotlib brings, which is not installed",
        "pip install 'edge-emotion[report]'",
    )


def write_demo_clip(path: Path) -> Path:
    """Write the whole clip as a video file.

    Returns:
        ``path``.

    Raises:
        SourceError: no portrait is installed.
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
