"""From the loop's thread to everyone who watches, each at the speed they can take.

The loop's thread only leaves a picture or a few lines behind. Pictures are encoded on the
server's side, once for all, and only while somebody watches; whoever is slow skips pictures.
Events are not skipped: a client that cannot follow is sent away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

import numpy as np

from edge_emotion.vision import Picture
from edge_emotion.vision.opencv import cv2

MAX_PICTURES_PER_SECOND = 25
LONGER_SIDE = 1280
"""Pixels of a picture on the page; larger frames are scaled down."""
JPEG_QUALITY = 80
WAITING_EVENTS = 512
"""Events that may wait for one client: some seconds of a few faces."""


Post = Callable[[Callable[[], object]], None]
"""Has the server's event loop call something."""


class PictureFeed:
    """The newest picture of one source. All but ``offer`` belongs to the server's event loop.

    Args:
        watched: called when the first watcher comes and after the last one has gone.
    """

    def __init__(self, watched: Callable[[], None]) -> None:
        self._watched = watched
        self._newest: Picture | None = None
        self._arrived = asyncio.Event()
        self._encoded = asyncio.Condition()
        self._jpeg = b""
        self._number = 0
        self._encoder: asyncio.Task[None] | None = None
        self._closed = False
        self.watchers = 0

    def offer(self, picture: Picture, post: Post) -> None:
        """Leave a picture from another thread; it replaces one that nobody took."""
        self._newest = picture
        post(self._arrived.set)

    async def pictures(self) -> AsyncIterator[bytes]:
        """JPEG after JPEG, the newest there is each time, until the feed is closed."""
        self._enter()
        try:
            seen = self._number
            while True:
                await self._newer_than(seen)
                if self._closed:
                    return
                seen = self._number
                yield self._jpeg
        finally:
            self._leave()

    async def close(self) -> None:
        """Let every watcher go."""
        self._closed = True
        if self._encoder is not None:
            self._encoder.cancel()
            with suppress(asyncio.CancelledError):
                await self._encoder
        async with self._encoded:
            self._encoded.notify_all()

    def _enter(self) -> None:
        self.watchers += 1
        self._watched()
        if self._encoder is None:
            self._encoder = asyncio.create_task(self._encode())

    def _leave(self) -> None:
        self.watchers -= 1
        self._watched()
        if not self.watchers and self._encoder is not None:
            self._encoder.cancel()
            self._encoder = None

    async def _newer_than(self, seen: int) -> None:
        async with self._encoded:
            await self._encoded.wait_for(lambda: self._closed or self._number != seen)

    async def _encode(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            picture = self._newest
            if picture is None:
                continue
            started = time.monotonic()
            jpeg = await asyncio.to_thread(encode, picture)
            async with self._encoded:
                self._jpeg = jpeg
                self._number += 1
                self._encoded.notify_all()
            pause = 1 / MAX_PICTURES_PER_SECOND - (time.monotonic() - started)
            await asyncio.sleep(max(pause, 0))


class Listener:
    """One client of the event stream."""

    def __init__(self) -> None:
        self.lines = asyncio.Queue[str](WAITING_EVENTS)
        self.too_slow = asyncio.Event()

    def takes(self, lines: list[str]) -> bool:
        """Queue lines, if there is room for all of them."""
        if self.lines.qsize() + len(lines) > WAITING_EVENTS:
            return False
        for line in lines:
            self.lines.put_nowait(line)
        return True


class EventFeed:
    """Events as JSON text. All but ``offer`` belongs to the server's event loop."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self.closed = asyncio.Event()
        self.dropped = 0
        """Clients that were sent away because they could not follow."""

    @property
    def listeners(self) -> int:
        """Clients that listen now."""
        return len(self._listeners)

    def offer(self, lines: list[str], post: Post) -> None:
        """Leave events from another thread."""
        post(partial(self._spread, lines))

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """Be given every event while the block runs."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def _spread(self, lines: list[str]) -> None:
        for listener in list(self._listeners):
            if not listener.takes(lines):
                self._listeners.discard(listener)
                self.dropped += 1
                listener.too_slow.set()


def encode(picture: Picture) -> bytes:
    """A BGR picture as JPEG, no larger than the page needs."""
    scale = LONGER_SIDE / max(picture.shape[:2])
    if scale < 1:
        picture = np.asarray(
            cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
    _, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return content.tobytes()
