"""Grab, detect, classify, draw, publish: until the sources end or somebody says stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType

from edge_emotion.camera.base import AnnotatedFrame, Frame, Sink, Source
from edge_emotion.camera.sinks.window import WindowClosed
from edge_emotion.camera.stages import Stopwatch, Summary
from edge_emotion.inference import FaceEmotion, FacePipeline
from edge_emotion.vision import Picture
from edge_emotion.vision.draw import draw_face


class CameraLoop:
    """Runs a pipeline over sources and hands every result to all sinks.

    Args:
        sources: where frames come from; they take turns, and their faces share a batch.
        pipeline: finds and reads faces.
        sinks: where results go.

    The loop closes none of them: who opened them closes them.
    """

    def __init__(
        self, sources: Sequence[Source], pipeline: FacePipeline, sinks: Sequence[Sink]
    ) -> None:
        self._sources = sources
        self._pipeline = pipeline
        self._sinks = sinks
        self._stop = threading.Event()
        self._watch = Stopwatch()
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
        running = dict(enumerate(self._sources))
        counts = dict.fromkeys(running, 0)
        try:
            while running and not self._stop.is_set() and self._frames != max_frames:
                frames = self._grab(running, counts, max_frames)
                self._publish(frames, self._read(frames))
        except WindowClosed:
            self.stop()
        return self._summary(time.monotonic() - started)

    def _grab(
        self, running: dict[int, Source], counts: dict[int, int], max_frames: int | None
    ) -> list[Frame]:
        """One frame of every source that has one; sources that ended are dropped."""
        frames: list[Frame] = []
        for number, source in list(running.items()):
            if self._frames + len(frames) == max_frames:
                break
            with self._watch.time("grab"):
                grab = source.grab()
            if grab is None:
                del running[number]
                continue
            frames.append(Frame(grab.image, number, counts[number], time.time(), grab.position))
            counts[number] += 1
        return frames

    def _read(self, frames: Sequence[Frame]) -> list[list[FaceEmotion]]:
        pictures = [frame.image for frame in frames]
        boxes = []
        for picture in pictures:
            with self._watch.time("detect"):
                boxes.append(self._pipeline.detect(picture))
        with self._watch.time("classify"):
            return self._pipeline.classify(pictures, boxes)

    def _publish(self, frames: Sequence[Frame], found: Sequence[list[FaceEmotion]]) -> None:
        for frame, faces in zip(frames, found, strict=True):
            source = self._sources[frame.source]
            picture = self._drawn(frame.image, faces)
            result = AnnotatedFrame(frame, source.describe(), source.rate, tuple(faces), picture)
            with self._watch.time("publish"):
                for sink in self._sinks:
                    sink.consume(result)
            self._frames += 1
            self._faces += len(faces)

    def _drawn(self, image: Picture, faces: Sequence[FaceEmotion]) -> Picture:
        if not any(sink.shows_pictures for sink in self._sinks):
            return image
        with self._watch.time("draw"):
            picture = image.copy()
            for face in faces:
                draw_face(picture, face.box, face.emotion, face.probability)
        return picture

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
        loop = CameraLoop(sources, pipeline, sinks)
        with stopped_by_signals(loop):
            return loop.run(max_frames)
