"""Write a video file.

With PyAV (the ``video`` extra) the file is whole up to its last second after any ending, even
``kill -9``. Without it OpenCV writes MPEG-4 part 2 (``mp4v``), the only codec that every build of
it has; the index then is written when the file is closed, and without it nothing can be played.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np

from edge_emotion.camera.disk import refuse_full_disk
from edge_emotion.errors import OutputError
from edge_emotion.jsonio import output_directory
from edge_emotion.vision import Picture
from edge_emotion.vision.opencv import cv2


class _Container(Protocol):
    def write(self, picture: Picture, position: float) -> None: ...

    def close(self) -> None: ...


def survives_a_kill() -> bool:
    """Whether files written here can be played after ``kill -9``."""
    return find_spec("av") is not None


class Mp4Writer:
    """A video file being written.

    Args:
        path: the file. An existing file is replaced.
        size: width and height in pixels, rounded down to even ones. Pictures of another size are
            scaled to fit, with black bars.
        rate: frames per second.

    Raises:
        OutputError: the file cannot be written, or the disk is almost full.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate: float) -> None:
        output_directory(path.parent)
        self._path = path
        self._size = (max(size[0] // 2 * 2, 2), max(size[1] // 2 * 2, 2))
        self._rate = rate
        self._written = 0
        refuse_full_disk(self._path)
        self._container = _open(path, self._size, rate)

    def write(self, picture: Picture, position: float | None = None) -> None:
        """Append one BGR picture.

        Args:
            picture: uint8, (height, width, 3).
            position: when it is shown, in seconds, as far as the container can tell times;
                ``None`` is one period after the picture before.

        Raises:
            OutputError: the disk is almost full.
        """
        refuse_full_disk(self._path)
        if position is None:
            position = self._written / self._rate
        self._container.write(_fitted(picture, self._size), position)
        self._written += 1

    def close(self) -> None:
        """Finish the file; closing twice is harmless."""
        self._container.close()


def _open(path: Path, size: tuple[int, int], rate: float) -> _Container:
    if not survives_a_kill():
        return _IndexedMp4(path, size, rate)
    from edge_emotion.camera.fragments import FragmentedMp4

    return FragmentedMp4(path, size, rate)


class _IndexedMp4:
    """What OpenCV can write."""

    def __init__(self, path: Path, size: tuple[int, int], rate: float) -> None:
        codec = cv2.VideoWriter.fourcc(*"mp4v")
        self._writer = cv2.VideoWriter(str(path), codec, rate, size)
        if not self._writer.isOpened():
            raise OutputError(
                f"cannot write a video to {path}",
                "name a file that ends in .mp4 in your own folder",
            )

    def write(self, picture: Picture, position: float) -> None:  # noqa: ARG002 - it keeps no times
        self._writer.write(picture)

    def close(self) -> None:
        self._writer.release()


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
