"""Encode video on a thread of its own: the loop does not wait for it longer than it must."""

from __future__ import annotations

import queue
import threading

from edge_emotion.camera.mp4 import Mp4Writer
from edge_emotion.errors import OutputError
from edge_emotion.vision import Picture

_WAITING = 8
"""Pictures that may wait to be encoded: of 1280×720 pixels, 22 MB."""


class BackgroundWriter:
    """Hands pictures to a video file's encoder.

    Args:
        writer: the file; only the thread of this object touches it from now on.
        waits: whether ``write`` waits while the encoder is behind, or leaves the picture out.
    """

    def __init__(self, writer: Mp4Writer, waits: bool) -> None:
        self.dropped = 0
        self._writer = writer
        self._waits = waits
        self._failure: OutputError | None = None
        self._pictures: queue.Queue[tuple[Picture, float] | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._encode, name="video encoder", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Pictures that are not encoded yet."""
        return self._pictures.qsize()

    def write(self, picture: Picture, position: float) -> None:
        """Append a picture, to be shown at ``position`` seconds.

        Raises:
            OutputError: an earlier one could not be written.
        """
        if self._failure is not None:
            raise self._failure
        try:
            self._pictures.put((picture, position), block=self._waits)
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Encode what waits and finish the file; closing twice is harmless.

        Raises:
            OutputError: a picture could not be written, or the file cannot be finished.
        """
        if not self._thread.is_alive():
            return
        self._pictures.put(None)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _encode(self) -> None:
        try:
            while (item := self._pictures.get()) is not None:
                # After a failure pictures are only taken, so that nobody waits for room.
                if self._failure is None:
                    self._attempt(*item)
        finally:
            self._finish()

    def _attempt(self, picture: Picture, position: float) -> None:
        try:
            self._writer.write(picture, position)
        except OutputError as error:
            self._failure = error

    def _finish(self) -> None:
        try:
            self._writer.close()
        except OutputError as error:
            self._failure = self._failure or error
