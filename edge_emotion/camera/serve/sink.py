"""The output that serves: page, API and metrics of the running loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from edge_emotion.camera.base import AnnotatedFrame, Sink
from edge_emotion.camera.disclosure import Disclosure
from edge_emotion.camera.event import events
from edge_emotion.camera.serve.address import ServeAddress
from edge_emotion.camera.serve.app import Live, Parts, QueueFigures, create_app
from edge_emotion.camera.serve.guard import Guard
from edge_emotion.camera.serve.hub import EventFeed, PictureFeed
from edge_emotion.camera.serve.predict import Predictor
from edge_emotion.camera.serve.server import ServerThread
from edge_emotion.camera.sinks.metrics import MetricsSink, Queue
from edge_emotion.camera.status import Status
from edge_emotion.inference import FacePipeline

HEALTHY_SECONDS = 10.0
"""Frames are said to come while the newest is no older."""


class LiveSink(Sink):
    """Serves until it is closed. The loop's thread only leaves results behind.

    Args:
        address: where to listen, and the token.
        sources: how many sources the run has.
        open_pipeline: makes the pipeline of ``POST /v1/predict``, when it is first needed.
        queues: outputs that buffer, by name, to show.
        disclosure: what the page tells those who look on.

    Raises:
        OutputError: the port is taken.
    """

    shows_pictures = False
    """True while somebody watches."""

    def __init__(
        self,
        address: ServeAddress,
        sources: int,
        open_pipeline: Callable[[], FacePipeline],
        queues: Mapping[str, Queue],
        disclosure: Disclosure,
    ) -> None:
        self._queues = queues
        self._disclosure = disclosure
        self._status: Status | None = None
        self._last_frame: float | None = None
        self._metrics = MetricsSink(queues)
        self._pictures = tuple(PictureFeed(self._watched) for _ in range(sources))
        self._events = EventFeed()
        self._predictor = Predictor(open_pipeline)
        parts = Parts(
            self._pictures,
            self._events,
            self._predictor,
            self._live,
            self._seeing,
            self._metrics.exposition,
        )
        self._server = ServerThread(Guard(create_app(parts), address), address, self._farewell)
        self.url = address.url(self._server.port)
        """Where the page is, without the token."""

    def consume(self, result: AnnotatedFrame) -> None:
        """Leave the frame's events and, where somebody watches, its picture."""
        self._last_frame = time.monotonic()
        self._metrics.consume(result)
        if self._events.listeners:
            lines = [event.model_dump_json(by_alias=True) for event in events(result)]
            self._events.offer(lines, self._server.post)
        feed = self._pictures[result.frame.source]
        # Whoever came while this frame was made gets the next: this one was drawn for nobody,
        # and its faces are not hidden.
        drawn = result.picture is not result.frame.image
        if feed.watchers and drawn:
            feed.offer(result.picture, self._server.post)

    def report(self, status: Status) -> None:
        """Keep the figures to show."""
        self._status = status
        self._metrics.report(status)

    def close(self) -> None:
        """Let every client go, and stop listening."""
        self._server.close()
        self._predictor.close()

    def _watched(self) -> None:
        self.shows_pictures = any(feed.watchers for feed in self._pictures)

    def _live(self) -> Live:
        return Live(
            status=self._status,
            queues={
                name: QueueFigures(waiting=queue.waiting, dropped=queue.dropped)
                for name, queue in self._queues.items()
            },
            notice=self._disclosure.notice,
            faces_hidden=self._disclosure.faces_hidden,
        )

    def _seeing(self) -> bool:
        newest = self._last_frame
        return newest is not None and time.monotonic() - newest <= HEALTHY_SECONDS

    async def _farewell(self) -> None:
        self._events.closed.set()
        for feed in self._pictures:
            await feed.close()
