"""Take, follow or detect, classify, draw, publish: until the sources end or somebody says stop."""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import numpy as np

from edge_emotion.camera.base import AnnotatedFrame, Frame, Sink, Source, TrackedFace
from edge_emotion.camera.reader import Reader
from edge_emotion.camera.sinks.window import WindowClosed
from edge_emotion.camera.stages import Stopwatch, Summary
from edge_emotion.camera.status import Latency, SourceStatus, Status
from edge_emotion.inference import FacePipeline
from edge_emotion.vision import FaceBox, Picture
from edge_emotion.vision.conceal import Concealer
from edge_emotion.vision.draw import draw_face
from edge_emotion.vision.opencv import cv2
from edge_emotion.vision.tracking import FlowTracker, Tracker, looks_every

INFERENCE_THREADS = 1
"""For pipelines of a loop: networks this small gain less from more than decoding loses by it."""


class CameraLoop:
    """Runs a pipeline over sources and hands every result to all sinks.

    Args:
        sources: where frames come from; they take turns, and their faces share a batch.
        pipeline: finds and reads faces.
        sinks: where results go.
        conceal: makes what hides the faces of a source in every picture that is shown, if they
            shall be hidden; the detector then looks at every frame, so that no newcomer is shown.

    The loop closes none of them: who opened them closes them.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        pipeline: FacePipeline,
        sinks: Sequence[Sink],
        conceal: Callable[[], Concealer] | None = None,
    ) -> None:
        self._sources = sources
        self._pipeline = pipeline
        self._sinks = sinks
        self._trackers = [_tracker(pipeline, source, conceal is not None) for source in sources]
        self._concealers = [conceal() for _ in sources] if conceal else None
        self._stop = threading.Event()
        self._watch = Stopwatch()
        self._frames = 0
        self._faces = 0
        self._started = time.monotonic()
        self._reported = 0.0
        self._latencies = deque[float](maxlen=1000)
        self._per_source = [0 for _ in sources]

    def stop(self) -> None:
        """Ask the loop to end after the frame in hand; safe from signals and other threads."""
        self._stop.set()

    def run(self, max_frames: int | None = None) -> Summary:
        """Run until every source has ended, ``stop`` is called, or ``max_frames`` are done.

        Raises:
            SourceError: a source broke.
            OutputError: a sink cannot write.
        """
        started = time.monotonic()
        with ExitStack() as unwind:
            unwind.callback(cv2.setNumThreads, cv2.getNumThreads())
            cv2.setNumThreads(1)  # its workers would wait for the core that decodes
            running = []
            for number, source in enumerate(self._sources):
                running.append(Reader(source, number, self._watch))
                unwind.callback(running[-1].close)
            try:
                while running and not self._stop.is_set() and self._frames != max_frames:
                    frames = self._take(running, max_frames)
                    self._publish(frames, self._read(frames))
                    if time.monotonic() - self._reported >= 1:
                        self._report()
            except WindowClosed:
                self.stop()
            self._report()
        return self._summary(time.monotonic() - started)

    def _take(self, running: list[Reader], max_frames: int | None) -> list[Frame]:
        """One frame of every reader that has one; readers that ended are dropped."""
        frames: list[Frame] = []
        for reader in list(running):
            if self._frames + len(frames) == max_frames:
                break
            frame = reader.next(self._stop)
            if frame is None:
                running.remove(reader)
            else:
                frames.append(frame)
        return frames

    def _read(self, frames: Sequence[Frame]) -> list[list[TrackedFace]]:
        boxes = [self._locate(frame) for frame in frames]
        with self._watch.time("classify"):
            read = self._pipeline.classify([frame.image for frame in frames], boxes)
        return [
            [
                TrackedFace(
                    number, face.box, face.emotion, face.probability, face.probabilities, None
                )
                for number, face in enumerate(faces, 1)
            ]
            for faces in read
        ]

    def _locate(self, frame: Frame) -> list[FaceBox]:
        """The faces of a frame: followed from the frame before, or found by the detector."""
        tracker = self._trackers[frame.source]
        with self._watch.time("follow"):
            boxes = tracker.follow(frame.image)
        if boxes is None:
            with self._watch.time("detect"):
                boxes = self._pipeline.detect(frame.image)
            tracker.found(boxes)
        return boxes

    def _publish(self, frames: Sequence[Frame], found: Sequence[list[TrackedFace]]) -> None:
        for frame, faces in zip(frames, found, strict=True):
            source = self._sources[frame.source]
            picture = self._drawn(frame, faces)
            result = AnnotatedFrame(frame, source.describe(), source.rate, tuple(faces), picture)
            with self._watch.time("publish"):
                for sink in self._sinks:
                    sink.consume(result)
            self._latencies.append((time.time() - frame.captured_at) * 1000)
            self._per_source[frame.source] += 1
            self._frames += 1
            self._faces += len(faces)

    def _drawn(self, frame: Frame, faces: Sequence[TrackedFace]) -> Picture:
        concealer = self._concealers[frame.source] if self._concealers else None
        if concealer:
            concealer.saw([face.box for face in faces], frame.position)
        if not any(sink.shows_pictures for sink in self._sinks):
            return frame.image
        with self._watch.time("draw"):
            picture = frame.image.copy()
            if concealer:
                concealer.hide(picture)
            for face in faces:
                if face.emotion is not None:
                    draw_face(picture, face.box, face.emotion, face.probability)
        return picture

    def _report(self) -> None:
        """Tell every sink how the run does."""
        self._reported = time.monotonic()
        seconds = self._reported - self._started
        manifest = self._pipeline.classifier.manifest
        latencies = list(self._latencies)
        status = Status(
            time=time.time(),
            uptime_seconds=seconds,
            sources=tuple(
                SourceStatus(
                    name=source.describe(),
                    state="running",
                    frames=frames,
                    dropped=0,
                    reconnects=0,
                    fps=round(frames / seconds, 2),
                    frame_age_ms=round(latencies[-1], 3) if latencies else None,
                    error=None,
                )
                for source, frames in zip(self._sources, self._per_source, strict=True)
            ),
            frames=self._frames,
            faces=self._faces,
            fps=round(self._frames / seconds, 2),
            latency=Latency(
                p50_ms=round(float(np.percentile(latencies, 50)), 3),
                p95_ms=round(float(np.percentile(latencies, 95)), 3),
            )
            if latencies
            else None,
            stages=self._watch.figures(),
            model=manifest.name,
            precision=manifest.precision,
            backend=self._pipeline.classifier.info().backend,
            detector=self._pipeline.detector.name,
            cpu_temperature_celsius=None,
            rss_bytes=int(Path("/proc/self/statm").read_text().split()[1]) * 4096,
        )
        for sink in self._sinks:
            sink.report(status)

    def _summary(self, seconds: float) -> Summary:
        manifest = self._pipeline.classifier.manifest
        return Summary(
            sources=tuple(source.describe() for source in self._sources),
            model=manifest.name,
            sha256=manifest.sha256,
            precision=manifest.precision,
            backend=self._pipeline.classifier.info().backend,
            detector=self._pipeline.detector.name,
            frames=self._frames,
            faces=self._faces,
            seconds=round(seconds, 3),
            fps=round(self._frames / seconds, 2) if seconds else 0.0,
            stages=self._watch.figures(),
        )


def _tracker(pipeline: FacePipeline, source: Source, every_frame: bool) -> Tracker:
    followed = pipeline.detector.worth_following and not every_frame
    return FlowTracker(looks_every(source.rate) if followed else 1)


@contextmanager
def stopped_by_signals(loop: CameraLoop) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the loop in good order while the block runs.

    A second signal kills, as if nobody listened: a source may hang in a read.
    """

    def ask(number: int, _: FrameType | None) -> None:
        loop.stop()
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_loop(
    sources: Sequence[Source],
    pipeline: FacePipeline,
    sinks: Sequence[Sink],
    max_frames: int | None = None,
    conceal: Callable[[], Concealer] | None = None,
) -> Summary:
    """Run a loop that ends on SIGINT and SIGTERM, and close everything it was given.

    Raises:
        SourceError: a source broke.
        OutputError: a sink cannot write.
    """
    with ExitStack() as stack:
        stack.callback(pipeline.close)
        for close in [*(source.close for source in sources), *(sink.close for sink in sinks)]:
            stack.callback(close)
        loop = CameraLoop(sources, pipeline, sinks, conceal)
        with stopped_by_signals(loop):
            return loop.run(max_frames)
