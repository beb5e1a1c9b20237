"""Counts what a run publishes, and puts it together with what its sources say."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from edge_emotion.camera.base import Frame
from edge_emotion.camera.reader import Reader
from edge_emotion.camera.stages import Durations, Latency, Stopwatch, Summary
from edge_emotion.camera.status import SourceStatus, Status
from edge_emotion.inference import FacePipeline
from edge_emotion.vitals import cpu_temperature_celsius, rss_bytes

_RATE_SECONDS = 5.0
"""Rates are those of about this long, so that they can be read and still follow."""


class Meter:
    """Counts events, and tells how many come a second."""

    def __init__(self) -> None:
        self.count = 0
        self._marks = deque([(time.monotonic(), 0)])

    def rate(self) -> float:
        """Events per second over the last seconds; asking marks where the next answer begins."""
        now = time.monotonic()
        while len(self._marks) > 1 and now - self._marks[1][0] >= _RATE_SECONDS:
            self._marks.popleft()
        since, before = self._marks[0]
        self._marks.append((now, self.count))
        return round((self.count - before) / (now - since), 2) if now > since else 0.0


class Monitor:
    """The figures of one run; the loop's thread alone uses it.

    Args:
        pipeline: what reads the faces.
        readers: what reads the sources.
        watch: how long the stages take.
    """

    def __init__(self, pipeline: FacePipeline, readers: Sequence[Reader], watch: Stopwatch) -> None:
        self._pipeline = pipeline
        self._readers = readers
        self._watch = watch
        self._began = time.monotonic()
        self._latency = Durations()
        self._ages: dict[int, float] = {}
        self._meters = [Meter() for _ in readers]
        self._frames = Meter()
        self._faces = 0

    @property
    def frames(self) -> int:
        """Frames published."""
        return self._frames.count

    def published(self, frame: Frame, faces: int) -> None:
        """A frame's results were just given to every sink."""
        age = (time.monotonic() - frame.monotonic) * 1000
        self._latency.add(age)
        self._ages[frame.source] = round(age, 3)
        self._meters[frame.source].count += 1
        self._frames.count += 1
        self._faces += faces

    def status(self) -> Status:
        """The run as it is now."""
        classifier = self._pipeline.classifier
        return Status(
            time=time.time(),
            uptime_seconds=round(time.monotonic() - self._began, 3),
            sources=tuple(self._source(reader) for reader in self._readers),
            frames=self.frames,
            faces=self._faces,
            fps=self._frames.rate(),
            latency=self._latencies(),
            stages=self._watch.figures(),
            model=classifier.manifest.name,
            precision=classifier.manifest.precision,
            backend=classifier.info().backend,
            detector=self._pipeline.detector.name,
            cpu_temperature_celsius=cpu_temperature_celsius(),
            rss_bytes=rss_bytes(),
        )

    def summary(self) -> Summary:
        """The run as a whole."""
        seconds = time.monotonic() - self._began
        manifest = self._pipeline.classifier.manifest
        return Summary(
            sources=tuple(reader.name for reader in self._readers),
            model=manifest.name,
            sha256=manifest.sha256,
            precision=manifest.precision,
            backend=self._pipeline.classifier.info().backend,
            detector=self._pipeline.detector.name,
            frames=self.frames,
            faces=self._faces,
            seconds=round(seconds, 3),
            fps=round(self.frames / seconds, 2) if seconds else 0.0,
            latency=self._latencies(),
            dropped=sum(reader.dropped for reader in self._readers),
            reconnects=sum(reader.connection().reconnects for reader in self._readers),
            cpu_temperature_celsius=cpu_temperature_celsius(),
            stages=self._watch.figures(),
        )

    def _source(self, reader: Reader) -> SourceStatus:
        connection, meter = reader.connection(), self._meters[reader.number]
        return SourceStatus(
            name=reader.name,
            state=reader.ending or connection.state,
            frames=meter.count,
            dropped=reader.dropped,
            reconnects=connection.reconnects,
            fps=meter.rate(),
            frame_age_ms=self._ages.get(reader.number),
            error=connection.error if reader.failure is None else str(reader.failure),
        )

    def _latencies(self) -> Latency | None:
        if self._latency.turns == 0:
            return None
        half, most = self._latency.percentiles()
        return Latency(p50_ms=half, p95_ms=most)
