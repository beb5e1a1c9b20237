"""Events as JSON lines: one per face per frame, or only when something changes."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from edge_emotion.camera.base import AnnotatedFrame, Sink
from edge_emotion.camera.event import Choose, events
from edge_emotion.jsonio import output_directory, unwritable


class JsonLinesSink(Sink):
    """Appends whole lines, each handed to the system before the next frame.

    Args:
        path: the file; an existing one is continued, so that a restarted loop loses nothing.
        choose: what to write of a frame: ``events``, or ``Changes()`` to write less.

    Raises:
        OutputError: it cannot be written.
    """

    shows_pictures = False

    def __init__(self, path: Path, choose: Choose = events) -> None:
        self._path = path
        self._choose = choose
        output_directory(path.parent)
        try:
            # Unbuffered: a line is one write, so a kill leaves no half line behind.
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise unwritable(path, error) from error
        self._whole = os.fstat(self._file.fileno()).st_size  # 0 of a pipe, which cannot tell()

    def consume(self, result: AnnotatedFrame) -> None:
        """Write the frame's events.

        Raises:
            OutputError: the disk is full, or the file is gone.
        """
        lines = [event.model_dump_json(by_alias=True) + "\n" for event in self._choose(result)]
        content = "".join(lines).encode()
        rest = memoryview(content)
        try:
            while rest:  # a disk that fills up takes a part first and refuses the rest
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            with suppress(OSError):  # a device cannot be cut back, and keeps nothing
                self._file.truncate(self._whole)
            raise unwritable(self._path, error) from error
        self._whole += len(content)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
