"""OpenCV, imported once, with its native chatter kept off the terminal.

OpenCV, and the FFmpeg inside it, write to file descriptor 2 on their own. A failure is reported
once, by this project's one line; set ``OPENCV_LOG_LEVEL`` or ``OPENCV_FFMPEG_LOGLEVEL`` to hear
the rest. Both are read when OpenCV is first used, so they are set before it is imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from edge_emotion.errors import EdgeEmotionError

os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

try:
    import cv2
except ImportError as error:
    raise EdgeEmotionError(
        "OpenCV is not installed",
        "pip install 'edge-emotion[cpu]', or on a Jetson: apt-get install python3-opencv",
    ) from error

__all__ = ["cv2", "native_stderr_closed"]


@contextmanager
def native_stderr_closed() -> Iterator[None]:
    """Send what C libraries print on stderr to nowhere while the block runs.

    libpng and libjpeg print their complaints with no setting to stop them. The redirection is
    the whole process's, so the block must be short.
    """
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)
