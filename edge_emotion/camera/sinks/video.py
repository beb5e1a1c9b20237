"""The annotated video."""

from __future__ import annotations

from pathlib import Path

from edge_emotion.camera.base import AnnotatedFrame, Sink
from edge_emotion.camera.mp4 import Mp4Writer
from edge_emotion.jsonio import output_directory


class VideoSink(Sink):
    """Writes every annotated frame; size and rate are the first frame's.

    Args:
        path: the file to write, ending in ``.mp4``.

    Raises:
        OutputError: its folder cannot be written.
    """

    shows_pictures = True

    def __init__(self, path: Path) -> None:
        output_directory(path.parent)
        self._path = path
        self._writer: Mp4Writer | None = None

    def consume(self, result: AnnotatedFrame) -> None:
        """Append the frame's picture.

        Raises:
            OutputError: the file cannot be opened, or the disk is almost full.
        """
        if self._writer is None:
            height, width = result.picture.shape[:2]
            self._writer = Mp4Writer(self._path, (width, height), result.rate)
        self._writer.write(result.picture)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()
