"""Grab frames on a thread of their own, so that decoding overlaps everything else."""

from __future__ import annotations

import threading
import time
from collections import deque

from edge_emotion.camera.base import Frame, Source
from edge_emotion.camera.stages import Stopwatch

_AHEAD = 4
"""Frames of a file decoded before they are asked for: a few are enough to even out their times."""
_PATIENCE_SECONDS = 0.1
"""How long to wait before asking again whether the run shall end."""


class Reader:
    """Reads one source ahead.

    A file waits for its frames to be taken, so that none is lost. A live source does not wait:
    of the frames that nobody took in time, only the newest is kept.

    Args:
        source: where the frames come from. Only the reader's thread touches it until ``close``.
        number: the source's number in the run.
        watch: told how long each grab takes.
    """

    def __init__(self, source: Source, number: int, watch: Stopwatch) -> None:
        self._source = source
        self._number = number
        self._watch = watch
        self._frames: deque[Frame] = deque(maxlen=1 if source.live else _AHEAD)
        self._changed = threading.Condition()
        self._closing = False
        self._ended = False
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._read, name=f"reader {number}", daemon=True)
        self._thread.start()

    def next(self, stop: threading.Event) -> Frame | None:
        """The next frame; ``None`` at the end of a file, or when ``stop`` is set first.

        Raises:
            Exception: what the source raised, after the frames before it were taken.
        """
        with self._changed:
            while not self._frames and not self._ended and not stop.is_set():
                self._changed.wait(_PATIENCE_SECONDS)
            if self._frames:
                self._changed.notify_all()
                return self._frames.popleft()
            if self._failure is not None and not stop.is_set():
                raise self._failure
            return None

    def close(self) -> None:
        """End the thread, after the grab that it is in."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _read(self) -> None:
        try:
            index = 0
            while self._has_room():
                frame = self._grab(index)
                if frame is None:
                    break
                with self._changed:
                    self._frames.append(frame)
                    self._changed.notify_all()
                index += 1
        except Exception as error:  # noqa: BLE001 - raised where the frames are taken
            self._failure = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _has_room(self) -> bool:
        """Wait until another frame is wanted; false once nobody wants any."""
        with self._changed:
            while not self._source.live and len(self._frames) == _AHEAD and not self._closing:
                self._changed.wait()
            return not self._closing

    def _grab(self, index: int) -> Frame | None:
        with self._watch.time("grab"):
            grab = self._source.grab()
        if grab is None:
            return None
        return Frame(grab.image, self._number, index, time.time(), grab.position)
