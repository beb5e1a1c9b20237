"""Grab frames on threads of their own, so that decoding overlaps everything else.

Each source has its thread, and whoever takes frames waits for the first that any of them has: a
source that is slow, silent or broken holds up no other.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Literal

from edge_emotion.camera.base import Connection, Frame, Source
from edge_emotion.camera.stages import Stopwatch
from edge_emotion.errors import SourceError

_AHEAD = 4
"""Frames of a file decoded before they are asked for: a few are enough to even out their times."""
_GLANCE_SECONDS = 0.1
"""How long to wait before asking again whether the run shall end."""


class Reader:
    """Reads one source ahead.

    A file waits for its frames to be taken, so that none is lost. A live source does not wait:
    of the frames that nobody took in time, only the newest is kept.

    Args:
        source: where the frames come from. Only the reader's thread touches it until ``close``.
        number: the source's number in the run.
        watch: told how long each grab takes.
        changed: notified of every frame and of the end.
    """

    def __init__(
        self, source: Source, number: int, watch: Stopwatch, changed: threading.Condition
    ) -> None:
        self.name = source.describe()
        self.number = number
        self.dropped = 0
        self.failure: SourceError | None = None
        self._defect: Exception | None = None
        self._source = source
        self._watch = watch
        self._changed = changed
        self._frames: deque[Frame] = deque()
        self._ahead = 1 if source.live else _AHEAD
        self._closing = False
        self._ended = False
        self._thread = threading.Thread(target=self._read, name=f"reader {number}", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether there are frames, will be, or a defect waits to be raised."""
        return bool(self._frames) or not self._ended or self._defect is not None

    @property
    def ending(self) -> Literal["ended", "failed"] | None:
        """How the source ended, once its last frame was taken."""
        if self.running:
            return None
        return "ended" if self.failure is None else "failed"

    def connection(self) -> Connection:
        """How the source is connected."""
        return self._source.connection()

    def take(self) -> Frame | None:
        """The next frame if one is there; ``changed`` must be held.

        Raises:
            Exception: a defect: what the source raised that is no ``SourceError``, after the
                frames before it were taken.
        """
        if self._frames:
            return self._frames.popleft()
        if self._defect is not None:
            raise self._defect
        return None

    def close(self) -> None:
        """End the thread, after the grab that it is in."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._source.interrupt()
        self._thread.join()

    def _read(self) -> None:
        try:
            index = 0
            while self._has_room():
                with self._watch.time("grab"):
                    grab = self._source.grab()
                if grab is None:
                    break
                index += grab.skipped
                times = grab.captured_at, grab.position, grab.monotonic
                self._keep(Frame(grab.image, self.number, index, *times), grab.skipped)
                index += 1
        except SourceError as error:
            self.failure = error
        except Exception as error:  # noqa: BLE001 - raised where the frames are taken
            self._defect = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _keep(self, frame: Frame, skipped: int) -> None:
        with self._changed:
            self.dropped += skipped
            if len(self._frames) == self._ahead:  # of a live source: others have waited for room
                self._frames.popleft()
                self.dropped += 1
            self._frames.append(frame)
            self._changed.notify_all()

    def _has_room(self) -> bool:
        """Wait until another frame is wanted; false once nobody wants any."""
        with self._changed:
            while not self._source.live and len(self._frames) == _AHEAD and not self._closing:
                self._changed.wait()
            return not self._closing


class Readers:
    """The readers of all sources of a run.

    Args:
        sources: where frames come from, in the order of their numbers.
        watch: told how long each grab takes.
    """

    def __init__(self, sources: Sequence[Source], watch: Stopwatch) -> None:
        self._changed = threading.Condition()
        self.each = [
            Reader(source, number, watch, self._changed) for number, source in enumerate(sources)
        ]

    @property
    def running(self) -> bool:
        """Whether any source has frames, or will have."""
        return any(reader.running for reader in self.each)

    @property
    def failure(self) -> SourceError | None:
        """Why a source failed, if one did; the first one's."""
        failures = (reader.failure for reader in self.each)
        return next((failure for failure in failures if failure is not None), None)

    def take(
        self, stop: threading.Event, patience: float, at_most: int | None = None
    ) -> list[Frame]:
        """One frame of every source that has one, as soon as any has.

        Args:
            stop: waiting ends when it is set.
            patience: seconds to wait.
            at_most: so many frames.

        Returns:
            Nothing when none came in time, when ``stop`` is set, or when every source has ended.

        Raises:
            Exception: a source's defect; not the ``SourceError`` of one, which ends that source
                alone.
        """
        deadline = time.monotonic() + patience
        with self._changed:
            while not stop.is_set():
                taken = (reader.take() for reader in self.each)
                frames = list(islice((frame for frame in taken if frame), at_most))
                if frames:
                    self._changed.notify_all()  # there is room again
                    return frames
                remaining = deadline - time.monotonic()
                if remaining <= 0 or not self.running:
                    break
                self._changed.wait(min(remaining, _GLANCE_SECONDS))
        return []

    def close(self) -> None:
        """End every thread, after the grab that it is in."""
        for reader in self.each:
            reader.close()
