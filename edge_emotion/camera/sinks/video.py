"""The annotated video."""

from __future__ import annotations

from pathlib import Path

from edge_emotion.camera.base import AnnotatedFrame, Sink
from edge_emotion.camera.mp4 import Mp4Writer
from edge_emotion.jsonio import output_directory


def video_paths(path: Path, sources: int) -> list[Path]:
    """Where each source's video goes: ``path``, or ``name-0.mp4``, ``name-1.mp4``, … of several."""
    if sources == 1:
        return [path]
    return [path.with_name(f"{path.stem}-{source}{path.suffix}") for source in range(sources)]


class VideoSink(Sink):
    """Writes every annotated frame; size and rate are those of a source's first frame.

    Args:
        path: the file to write, ending in ``.mp4``, or several as ``video_paths`` names them.
        sources: how many sources the run has.

    Raises:
        OutputError: its folder cannot be written.
    """

    shows_pictures = True

    def __init__(self, path: Path, sources: int = 1) -> None:
        output_directory(path.parent)
        self._paths = video_paths(path, sources)
        self._writers: dict[int, Mp4Writer] = {}

    def consume(self, result: AnnotatedFrame) -> None:
        """Append the frame's picture.

        Raises:
            OutputError: the file cannot be opened, or the disk is almost full.
        """
        source = result.frame.source
        if source not in self._writers:
            height, width = result.picture.shape[:2]
            self._writers[source] = Mp4Writer(self._paths[source], (width, height), result.rate)
        self._writers[source].write(result.picture)

    def close(self) -> None:
        """Finish every file."""
        for writer in self._writers.values():
            writer.close()
