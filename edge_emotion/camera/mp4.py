"""Write a video file through OpenCV.

The codec is MPEG-4 part 2 (``mp4v``), the only one that every build of OpenCV can write into an
MP4. OpenCV gives no way to fragment the container: its index is written when the file is closed,
so the file can be played after any ending that runs ``close``, not after ``kill -9``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from edge_emotion.errors import OutputError
from edge_emotion.jsonio import output_directory
from edge_emotion.vision import Picture
from edge_emotion.vision.opencv import cv2

RESERVE_BYTES = 32 * 1024 * 1024
"""Disk space that must stay free: enough for the index of days of video, and to notice in time,
since OpenCV does not tell when a write failed."""


class Mp4Writer:
    """A video file being written.

    Args:
        path: the file; the suffix names the container. An existing file is replaced.
        size: width and height in pixels. Pictures of another size are scaled to fit, with black
            bars.
        rate: frames per second.

    Raises:
        OutputError: the file cannot be written, or the disk is almost full.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate: float) -> None:
        output_directory(path.parent)
        self._path = path
        self._size = size
        self._refuse_full_disk()
        codec = cv2.VideoWriter.fourcc(*"mp4v")
        self._writer = cv2.VideoWriter(str(path), codec, rate, size)
        if not self._writer.isOpened():
            raise OutputError(
                f"cannot write a video to {path}",
                "name a file that ends in .mp4 in your own folder",
            )

    def write(self, picture: Picture) -> None:
        """Append one BGR picture.

        Raises:
            OutputError: the disk is almost full.
        """
        self._refuse_full_disk()
        self._writer.write(_fitted(picture, self._size))

    def close(self) -> None:
        """Write the index; closing twice is harmless."""
        self._writer.release()

    def _refuse_full_disk(self) -> None:
        free = shutil.disk_usage(self._path.parent).free
        if free < RESERVE_BYTES:
            raise OutputError(
                f"cannot write {self._path}: only {free // 2**20} MiB are free on its disk",
                f"free at least {RESERVE_BYTES // 2**20} MiB, or choose another disk",
            )


def _fitted(picture: Picture, size: tuple[int, int]) -> Picture:
    """The picture in the middle of a canvas of ``size``, as large as fits."""
    height, width = picture.shape[:2]
    if (width, height) == size:
        return picture
    scale = min(size[0] / width, size[1] / height)
    inner = (max(round(width * scale), 1), max(round(height * scale), 1))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    canvas[top : top + inner[1], left : left + inner[0]] = cv2.resize(
        picture, inner, interpolation=how
    )
    return canvas
