"""The annotated video."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from edge_emotion.camera.background import BackgroundWriter
from edge_emotion.camera.base import AnnotatedFrame, Sink
from edge_emotion.camera.mp4 import Mp4Writer, survives_a_kill
from edge_emotion.jsonio import output_directory


def video_paths(path: Path, sources: int) -> list[Path]:
    """Where each source's video goes: ``path``, or ``name-0.mp4``, ``name-1.mp4``, … of several."""
    if sources == 1:
        return [path]
    return [path.with_name(f"{path.stem}-{source}{path.suffix}") for source in range(sources)]


class VideoSink(Sink):
    """Writes every annotated frame; size and rate are those of a source's first frame.

    Encoding has a thread of its own for each source. A file's frames wait for it, so that none is
    lost; of a live source, frames that it cannot take in time are left out and counted.

    Args:
        path: the file to write, ending in ``.mp4``, or several as ``video_paths`` names them.
        live: of each source of the run, whether it is live.

    Raises:
        OutputError: its folder cannot be written.
    """

    shows_pictures = True

    def __init__(self, path: Path, live: Sequence[bool] = (False,)) -> None:
        output_directory(path.parent)
        self._paths = video_paths(path, len(live))
        self._live = live
        self._writers: dict[int, BackgroundWriter] = {}
        if any(live) and not survives_a_kill():
            warnings.warn(
                f"{path} can be played only after the run has ended well: "
                "pip install 'edge-emotion[video]' for one that survives a kill",
                stacklevel=2,
            )

    @property
    def dropped(self) -> int:
        """Frames of live sources that came faster than they could be encoded."""
        return sum(writer.dropped for writer in self._writers.values())

    @property
    def waiting(self) -> int:
        """Frames that are not encoded yet."""
        return sum(writer.waiting for writer in self._writers.values())

    def consume(self, result: AnnotatedFrame) -> None:
        """Hand the frame's picture to its encoder.

        Raises:
            OutputError: the file cannot be opened, or the disk is almost full.
        """
        source = result.frame.source
        if source not in self._writers:
            height, width = result.picture.shape[:2]
            writer = Mp4Writer(self._paths[source], (width, height), result.rate)
            self._writers[source] = BackgroundWriter(writer, waits=not self._live[source])
        self._writers[source].write(result.picture, result.frame.position)

    def close(self) -> None:
        """Finish every file.

        Raises:
            OutputError: one of them cannot be finished; the others are.
        """
        with ExitStack() as unwind:
            for writer in self._writers.values():
                unwind.callback(writer.close)
