"""The loop's figures for Prometheus, in a registry of their own."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from edge_emotion.camera.base import AnnotatedFrame, Sink
from edge_emotion.camera.status import SourceStatus, Status

_LATENCY_BUCKETS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5)
_PREFIX = "edge_emotion"


class Queue(Protocol):
    """What waits to be sent somewhere."""

    @property
    def waiting(self) -> int:
        """How much waits."""

    @property
    def dropped(self) -> int:
        """How much was given up."""


class MetricsSink(Sink):
    """Counts results as they come, and shows the last status; ``exposition`` is what is scraped.

    Args:
        queues: outputs that buffer, by name.
    """

    shows_pictures = False

    def __init__(self, queues: Mapping[str, Queue]) -> None:
        self._registry = CollectorRegistry(auto_describe=True)
        self._figures = _Figures(queues)
        self._registry.register(self._figures)
        self._frames = Counter(
            "frames", "Frames processed.", ["source"], _PREFIX, registry=self._registry
        )
        self._faces = Counter(
            "faces",
            "Faces published, by what was read.",
            ["source", "emotion"],
            _PREFIX,
            registry=self._registry,
        )
        self._latency = Histogram(
            "result_latency_seconds",
            "From the capture of a frame to its published result.",
            ["source"],
            _PREFIX,
            registry=self._registry,
            buckets=_LATENCY_BUCKETS,
        )

    def consume(self, result: AnnotatedFrame) -> None:
        """Count a frame and its faces."""
        source = str(result.frame.source)
        self._frames.labels(source).inc()
        self._latency.labels(source).observe(max(time.time() - result.frame.captured_at, 0))
        for face in result.faces:
            self._faces.labels(source, face.emotion.value if face.emotion else "uncertain").inc()

    def report(self, status: Status) -> None:
        """Keep the figures to show."""
        self._figures.status = status

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Every metric.

        Args:
            accept: the Accept header of who asks; chooses Prometheus' text format or OpenMetrics.

        Returns:
            The body and its content type.
        """
        encoder, content_type = choose_encoder(accept)
        return encoder(self._registry), content_type

    def close(self) -> None:
        """Nothing is held open."""


class _Figures(Collector):
    """Metrics that are read from the last status when somebody asks."""

    def __init__(self, queues: Mapping[str, Queue]) -> None:
        self._queues = queues
        self.status: Status | None = None

    def collect(self) -> Iterable[Metric]:
        yield from self._of_queues()
        if self.status is not None:
            yield from _of_loop(self.status)
            yield from _of_sources(self.status.sources)
            yield from _of_stages(self.status)

    def _of_queues(self) -> Iterable[Metric]:
        waiting = _gauge("queue_length", "What waits to be sent.", "queue")
        dropped = _counter("queue_dropped", "What was given up because too much waited.", "queue")
        for name, queue in self._queues.items():
            waiting.add_metric([name], queue.waiting)
            dropped.add_metric([name], queue.dropped)
        yield from (waiting, dropped)


def _of_loop(status: Status) -> Iterable[Metric]:
    build = _gauge(
        "build_info", "What runs.", "version", "model", "precision", "backend", "detector"
    )
    build.add_metric(
        [
            *(version("edge-emotion"), status.model, status.precision),
            *(status.backend, status.detector),
        ],
        1,
    )
    yield build
    yield _single("uptime_seconds", "How long the loop has run.", status.uptime_seconds)
    yield _single("resident_memory_bytes", "Memory of the process.", status.rss_bytes)
    if status.cpu_temperature_celsius is not None:
        yield _single(
            "cpu_temperature_celsius", "Processor temperature.", status.cpu_temperature_celsius
        )


def _of_sources(sources: tuple[SourceStatus, ...]) -> Iterable[Metric]:
    info = _gauge("source_info", "What a source calls itself.", "source", "name")
    up = _gauge("source_up", "Whether frames come from a source.", "source")
    age = _gauge(
        "frame_age_seconds", "Age of the newest frame when its result was published.", "source"
    )
    dropped = _counter("frames_dropped", "Frames that nobody took in time.", "source")
    reconnects = _counter("reconnects", "Times a source was opened again.", "source")
    for number, source in enumerate(sources):
        label = str(number)
        info.add_metric([label, source.name], 1)
        up.add_metric([label], source.state == "running")
        dropped.add_metric([label], source.dropped)
        reconnects.add_metric([label], source.reconnects)
        if source.frame_age_ms is not None:
            age.add_metric([label], source.frame_age_ms / 1000)
    yield from (info, up, age, dropped, reconnects)


def _of_stages(status: Status) -> Iterable[Metric]:
    duration = _gauge(
        "stage_duration_seconds", "How long a stage takes, of its last turns.", "stage", "quantile"
    )
    turns = _counter("stage_turns", "Turns of a stage.", "stage")
    for stage, figures in status.stages.items():
        duration.add_metric([stage, "0.5"], figures.p50_ms / 1000)
        duration.add_metric([stage, "0.95"], figures.p95_ms / 1000)
        turns.add_metric([stage], figures.turns)
    yield from (duration, turns)


def _gauge(name: str, about: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{_PREFIX}_{name}", about, labels=labels)


def _counter(name: str, about: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"{_PREFIX}_{name}", about, labels=labels)


def _single(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{_PREFIX}_{name}", about, value=value)
