"""Frames are read ahead: none of a file is lost, of a live source the newest is taken."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from edge_emotion.camera.base import Grab, Source
from edge_emotion.camera.reader import Reader
from edge_emotion.camera.stages import Stopwatch
from edge_emotion.errors import SourceError


class Counter(Source):
    """Numbered pictures, then the end or a failure; stands in for a camera, which CI has not."""

    rate = 30.0

    def __init__(self, count: int, live: bool, failure: Exception | None = None) -> None:
        self.live = live
        self.given = 0
        self._count = count
        self._failure = failure

    @classmethod
    def recognises(cls, text: str) -> bool:
        return bool(text)

    def grab(self) -> Grab | None:
        if self.given == self._count:
            if self._failure is not None:
                raise self._failure
            return None
        self.given += 1
        return Grab(np.full((2, 2, 3), self.given - 1, np.uint8), 0.0)

    def describe(self) -> str:
        return "counter"

    def close(self) -> None:
        pass


def wait_until_given(source: Counter, count: int) -> None:
    deadline = time.monotonic() + 30
    while source.given < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_file_gives_every_frame_in_order_to_a_slow_taker() -> None:
    reader = Reader(Counter(50, live=False), 3, Stopwatch())
    frames = []
    while (frame := reader.next(threading.Event())) is not None:
        time.sleep(0.001)
        frames.append(frame)
    reader.close()
    assert [frame.index for frame in frames] == list(range(50))
    assert [int(frame.image[0, 0, 0]) for frame in frames] == list(range(50))
    assert {frame.source for frame in frames} == {3}
    times = [frame.captured_at for frame in frames]
    assert times == sorted(times)


def test_a_file_is_not_read_far_ahead() -> None:
    source = Counter(100_000, live=False)
    reader = Reader(source, 0, Stopwatch())
    wait_until_given(source, 4)
    time.sleep(0.05)
    reader.close()
    assert source.given < 10


def test_a_live_source_gives_the_newest_frame_only() -> None:
    source = Counter(100, live=True)
    reader = Reader(source, 0, Stopwatch())
    wait_until_given(source, 100)
    stop = threading.Event()
    deadline = time.monotonic() + 30
    while (frame := reader.next(stop)) is not None and frame.index < 99:
        assert time.monotonic() < deadline
    assert frame is not None
    assert int(frame.image[0, 0, 0]) == 99
    reader.close()


@pytest.mark.parametrize("failure", [SourceError("it broke"), ValueError("a defect")])
def test_what_breaks_is_raised_after_the_frames_before_it(failure: Exception) -> None:
    reader = Reader(Counter(3, live=False, failure=failure), 0, Stopwatch())
    stop = threading.Event()
    assert [frame.index for frame in (reader.next(stop) for _ in range(3)) if frame] == [0, 1, 2]
    with pytest.raises(type(failure), match=str(failure)):
        reader.next(stop)
    reader.close()


def test_asked_to_stop_it_does_not_wait_for_a_source_that_gives_nothing() -> None:
    silent = threading.Event()

    class Silent(Counter):
        def grab(self) -> Grab | None:
            silent.wait(30)
            return None

    reader = Reader(Silent(1, live=True), 0, Stopwatch())
    stop = threading.Event()
    stop.set()
    assert reader.next(stop) is None
    silent.set()
    reader.close()
