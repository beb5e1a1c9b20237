"""Take, follow or detect, classify, draw, publish: until the sources end or somebody says stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType

from edge_emotion.camera.annotate import annotated
from edge_emotion.camera.base import AnnotatedFrame, Frame, Sink, Source, TrackedFace
from edge_emotion.camera.decision import STEADY, Rules
from edge_emotion.camera.faces import FaceReader, FrameFaces
from edge_emotion.camera.reader import Reader
from edge_emotion.camera.sinks.window import WindowClosed
from edge_emotion.camera.stages import Stopwatch, Summary
from edge_emotion.inference import FacePipeline
from edge_emotion.vision import Picture
from edge_emotion.vision.opencv import cv2

INFERENCE_THREADS = 1
"""For pipelines of a loop: networks this small gain less from more than decoding loses by it."""


class CameraLoop:
    """Runs a pipeline over sources and hands every result to all sinks.

    Args:
        sources: where frames come from; they take turns, and their faces share a batch.
        pipeline: finds and reads faces.
        sinks: where results go.
        rules: how readings become labels.

    The loop closes none of them: who opened them closes them.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        pipeline: FacePipeline,
        sinks: Sequence[Sink],
        rules: Rules = STEADY,
    ) -> None:
        self._sources = sources
        self._pipeline = pipeline
        self._sinks = sinks
        self._stop = threading.Event()
        self._watch = Stopwatch()
        rates = [source.rate for source in sources]
        self._reader = FaceReader(pipeline, rates, rules, self._watch)
        self._frames = 0
        self._faces = 0

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
                    self._publish(frames, self._reader.read(frames))
            except WindowClosed:
                self.stop()
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

    def _publish(self, frames: Sequence[Frame], found: Sequence[FrameFaces]) -> None:
        for frame, (faces, ended) in zip(frames, found, strict=True):
            source = self._sources[frame.source]
            picture = self._drawn(frame.image, faces)
            result = AnnotatedFrame(frame, source.describe(), source.rate, faces, picture, ended)
            with self._watch.time("publish"):
                for sink in self._sinks:
                    sink.consume(result)
            self._frames += 1
            self._faces += len(faces)

    def _drawn(self, image: Picture, faces: Sequence[TrackedFace]) -> Picture:
        if not any(sink.shows_pictures for sink in self._sinks):
            return image
        with self._watch.time("draw"):
            return annotated(image, faces)

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
    rules: Rules = STEADY,
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
        loop = CameraLoop(sources, pipeline, sinks, rules)
        with stopped_by_signals(loop):
            return loop.run(max_frames)
