"""A live server of a test's own, fed by hand."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from edge_emotion.camera import AnnotatedFrame
from edge_emotion.camera.disclosure import NOTHING
from edge_emotion.camera.serve import ServeAddress, open_live
from edge_emotion.inference import FacePipeline
from tests.real.results import annotated, face

if TYPE_CHECKING:
    from edge_emotion.camera.serve.sink import LiveSink

TOKEN = "correct horse battery"  # noqa: S105 - of a server that lives for one test


@contextmanager
def live_server(
    model: Path, token: str | None = None, names: tuple[str, ...] = (), sources: int = 1
) -> Iterator[LiveSink]:
    sink = open_live(
        ServeAddress("127.0.0.1", 0, token, names),
        sources,
        lambda: FacePipeline(str(model), "onnxruntime", "none", threads=1),
        {},
        NOTHING,
    )
    try:
        yield sink
    finally:
        sink.close()


class Feeder:
    """Hands frames to a sink as a loop would, and remembers the slowest hand-over."""

    def __init__(self, sink: LiveSink, rate: float = 50, faces: int = 1) -> None:
        self._sink = sink
        self._rate = rate
        self._faces = tuple(face(track) for track in range(1, faces + 1))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.frames = 0
        self.slowest = 0.0

    def _result(self) -> AnnotatedFrame:
        return annotated(self.frames, *self._faces)

    def _run(self) -> None:
        while not self._stop.wait(1 / self._rate):
            result = self._result()
            started = time.monotonic()
            self._sink.consume(result)
            self.slowest = max(self.slowest, time.monotonic() - started)
            self.frames += 1

    def __enter__(self) -> Feeder:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def port_of(sink: LiveSink) -> int:
    return int(sink.url.rsplit(":", 1)[1].strip("/"))


def pictures(sink: LiveSink, count: int) -> list[bytes]:
    """The next pictures of the video stream."""
    import httpx

    found: list[bytes] = []
    kept = b""
    with httpx.stream("GET", f"{sink.url}video/0", timeout=10) as answer:
        assert answer.headers["content-type"].startswith("multipart/x-mixed-replace")
        for chunk in answer.iter_bytes():
            kept += chunk
            while match := re.search(rb"Content-Length: (\d+)\r\n\r\n", kept):
                size, start = int(match[1]), match.end()
                if len(kept) < start + size:
                    break
                found.append(kept[start : start + size])
                kept = kept[start + size :]
            if len(found) >= count:
                return found
    raise AssertionError("the stream ended")


def events_url(sink: LiveSink) -> str:
    return f"{sink.url.replace('http', 'ws')}v1/events"
