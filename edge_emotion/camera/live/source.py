"""A camera or stream that comes back by itself."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace

from edge_emotion.camera.base import Connection, Grab, Source
from edge_emotion.camera.live.backoff import Backoff
from edge_emotion.camera.live.process import CaptureProcess
from edge_emotion.camera.rate import USUAL_RATE
from edge_emotion.errors import SourceError

_GLANCE_SECONDS = 0.1
"""How long to wait for a frame before looking whether the run shall end."""
_STEADY_SECONDS = 2.0
"""A connection that lasted this long was a good one: the next loss is met without delay."""


@dataclass(frozen=True)
class Patience:
    """How long to wait for a source before the process that reads it is killed.

    Args:
        opening: seconds for the first frame of a connection; OpenCV itself gives up opening a
            stream after 10.
        reading: seconds between two frames.
    """

    opening: float = 15.0
    reading: float = 5.0


class SupervisedSource(Source):
    """Reads a source in another process; starts another when that one hangs, fails or dies.

    A read of OpenCV, FFmpeg or a driver may block for ever and cannot be cancelled; a process can
    be killed. While a connection is awaited, the next process is already there: it has imported
    OpenCV and waits for the order to open, again and again until the source is back.

    Args:
        kind: the source's name in ``sources.REGISTRY``.
        text: what the user wrote.
        name: the same with no password in it.
        patience: how long frames may take.
    """

    live = True

    def __init__(self, kind: str, text: str, name: str, patience: Patience) -> None:
        self.rate = USUAL_RATE
        self._kind = kind
        self._text = text
        self._name = name
        self._patience = patience
        self._backoff = Backoff()
        self._closing = threading.Event()
        self._connection = Connection("connecting")
        self._began = time.monotonic()
        self._connected_at = self._began
        self._first: Grab | None = None
        self._process = CaptureProcess(kind, name)
        self._order()

    @classmethod
    def recognises(cls, text: str) -> bool:  # noqa: ARG003 - the seam's signature
        """Nothing: it stands in for the source that recognised the text."""
        return False

    def delivers(self, patience: float) -> bool:
        """Whether a first frame has come, after waiting ``patience`` seconds for it.

        For who opens the source, before anybody calls ``grab``.

        Raises:
            SourceError: it does not open. The next attempt is under way.
        """
        if self._first is None:
            self._first = self._attempt(patience)
        return self._first is not None

    def grab(self) -> Grab | None:
        """The next frame; waits through any number of losses. ``None`` once interrupted."""
        first, self._first = self._first, None
        if first is not None:
            return first
        while not self._closing.is_set():
            try:
                grab = self._attempt(_GLANCE_SECONDS)
            except SourceError:
                continue  # it is kept in the connection, for all who ask
            if grab is not None:
                return grab
        return None

    def describe(self) -> str:
        """Its name, with no password in it."""
        return self._name

    def connection(self) -> Connection:
        """How it is connected."""
        return self._connection

    def interrupt(self) -> None:
        """Let ``grab`` give up."""
        self._closing.set()

    def close(self) -> None:
        """End the process."""
        self._closing.set()
        self._process.kill()

    def _attempt(self, patience: float) -> Grab | None:
        """A frame, if one comes in time.

        Raises:
            SourceError: the connection is lost; another one is begun.
        """
        try:
            grab = self._process.newest(patience)
            if grab is None:
                self._refuse_silence()
                return None
        except SourceError as error:
            self._reconnect(str(error))
            raise
        return self._running(grab)

    def _running(self, grab: Grab) -> Grab:
        before = self._connection
        if before.state != "running":
            self._connected_at = grab.monotonic
            again = before.reconnects + (before.state == "reconnecting")
            self._connection = replace(before, state="running", reconnects=again)
            self.rate = self._process.rate or USUAL_RATE
        elif grab.monotonic - self._connected_at > _STEADY_SECONDS:
            self._backoff.reset()
        self._deadline = time.monotonic() + self._patience.reading
        return replace(grab, position=max(grab.monotonic - self._began, 0.0))

    def _refuse_silence(self) -> None:
        if time.monotonic() < self._deadline:
            return
        waited = self._patience.reading
        if self._connection.state != "running":
            waited = self._patience.opening
        raise SourceError(
            f"{self._name} gave no frame for {waited:g} s",
            "check the cable, the network and the server",
        )

    def _reconnect(self, reason: str) -> None:
        state = self._connection.state
        state = "connecting" if state == "connecting" else "reconnecting"
        self._connection = replace(self._connection, state=state, error=reason)
        if not self._process.may_try_again:
            self._process.kill()
            self._process = CaptureProcess(self._kind, self._name)
        if not self._closing.wait(self._backoff.next()):
            self._order()

    def _order(self) -> None:
        self._process.open(self._text)
        self._deadline = time.monotonic() + self._patience.opening
