"""Take, follow or detect, classify, draw, publish: until the sources end or somebody says stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType

from edge_emotion.camera.annotate import annotated
from edge_emotion.camera.base import AnnotatedFrame, Frame, Sink, Source, TrackedFace
from edge_emotion.camera.decision import STEADY, Rules
from edge_emotion.camera.faces import FaceReader, FrameFaces
from edge_emotion.camera.monitor import Monitor
from edge_emotion.camera.reader import Readers
from edge_emotion.camera.sinks.window import WindowClosed
from edge_emotion.camera.stages import Stopwatch, Summary
from edge_emotion.inference import FacePipeline
from edge_emotion.vision import Picture
from edge_emotion.vision.conceal import Concealer
from edge_emotion.vision.opencv import cv2
from edge_emotion.vision.tracking import looks_every

INFERENCE_THREADS = 1
"""For pipelines of a loop: networks this small gain less from more than decoding loses by it."""
_REPORT_SECONDS = 1.0
"""How often sinks are told the run's figures."""


class CameraLoop:
    """Runs a pipeline over sources and hands every result to all sinks.

    Args:
        sources: where frames come from. None waits for another; the faces of frames that are
            there at the same time share a batch.
        pipeline: finds and reads faces.
        sinks: where results go.
        rules: how readings become labels.
        conceal: makes what hides the faces of a source in every picture that is shown, if they
            shall be hidden; the detector then looks at every frame, so that no newcomer is shown.
        notice: a line to draw on every picture.

    The loop closes none of them: who opened them closes them.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        pipeline: FacePipeline,
        sinks: Sequence[Sink],
        rules: Rules = STEADY,
        conceal: Callable[[], Concealer] | None = None,
        notice: str | None = None,
    ) -> None:
        self._sources = sources
        self._pipeline = pipeline
        self._sinks = sinks
        self._stop = threading.Event()
        self._watch = Stopwatch()
        looks = [1 if conceal else looks_every(source.rate) for source in sources]
        self._reader = FaceReader(pipeline, looks, rules, self._watch)
        self._notice = notice
        self._concealers = [conceal() for _ in sources] if conceal else None

    def stop(self) -> None:
        """Ask the loop to end after the frame in hand; safe from signals and other threads."""
        self._stop.set()

    def run(self, max_frames: int | None = None) -> Summary:
        """Run until every source has ended, ``stop`` is called, or ``max_frames`` are done.

        Raises:
            SourceError: a source broke; the others were read to their end first.
            OutputError: a sink cannot write.
        """
        with ExitStack() as unwind:
            unwind.callback(cv2.setNumThreads, cv2.getNumThreads())
            cv2.setNumThreads(1)  # its workers would wait for the core that decodes
            readers = Readers(self._sources, self._watch)
            unwind.callback(readers.close)
            monitor = Monitor(self._pipeline, readers.each, self._watch)
            try:
                self._work(readers, monitor, max_frames)
            except WindowClosed:
                self.stop()
            self._report(monitor)
            if readers.failure is not None and not self._stop.is_set():
                raise readers.failure
            return monitor.summary()

    def _work(self, readers: Readers, monitor: Monitor, max_frames: int | None) -> None:
        due = time.monotonic() + _REPORT_SECONDS
        while readers.running and not self._stop.is_set() and monitor.frames != max_frames:
            wanted = None if max_frames is None else max_frames - monitor.frames
            frames = readers.take(self._stop, max(due - time.monotonic(), 0), wanted)
            if frames:
                self._publish(frames, self._reader.read(frames), monitor)
            if time.monotonic() >= due:
                self._report(monitor)
                due = time.monotonic() + _REPORT_SECONDS

    def _report(self, monitor: Monitor) -> None:
        status = monitor.status()
        for sink in self._sinks:
            sink.report(status)

    def _publish(
        self, frames: Sequence[Frame], found: Sequence[FrameFaces], monitor: Monitor
    ) -> None:
        for frame, (faces, ended) in zip(frames, found, strict=True):
            source = self._sources[frame.source]
            picture = self._drawn(frame, faces)
            result = AnnotatedFrame(frame, source.describe(), source.rate, faces, picture, ended)
            with self._watch.time("publish"):
                for sink in self._sinks:
                    sink.consume(result)
            monitor.published(frame, len(faces))

    def _drawn(self, frame: Frame, faces: Sequence[TrackedFace]) -> Picture:
        concealer = self._concealers[frame.source] if self._concealers else None
        if concealer:
            concealer.saw([face.box for face in faces], frame.position)
        if not any(sink.shows_pictures for sink in self._sinks):
            return frame.image
        with self._watch.time("draw"):
            shown = concealer.hidden(frame.image) if concealer else frame.image
            return annotated(shown, faces, self._notice)


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
    conceal: Callable[[], Concealer] | None = None,
    notice: str | None = None,
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
        loop = CameraLoop(sources, pipeline, sinks, rules, conceal, notice)
        with stopped_by_signals(loop):
            return loop.run(max_frames)
