"""Frames are read ahead: none of a file is lost, of a live source the newest is taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from edge_emotion.camera.base import Frame, Grab, Source
from edge_emotion.camera.reader import Readers
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


def taken(readers: Readers, count: int) -> list[Frame]:
    """So many frames, or as many as there are."""
    frames: list[Frame] = []
    while readers.running and len(frames) < count:
        frames += readers.take(threading.Event(), 30)
    return frames


@contextmanager
def reading(*sources: Source) -> Iterator[Readers]:
    readers = Readers(sources, Stopwatch())
    try:
        yield readers
    finally:
        readers.close()


def test_a_file_gives_every_frame_in_order_to_a_slow_taker() -> None:
    with reading(Counter(50, live=False)) as readers:
        frames: list[Frame] = []
        while readers.running:
            frames += readers.take(threading.Event(), 30)
            time.sleep(0.001)
    assert [frame.index for frame in frames] == list(range(50))
    assert [int(frame.image[0, 0, 0]) for frame in frames] == list(range(50))
    assert {frame.source for frame in frames} == {0}
    times = [frame.captured_at for frame in frames]
    assert times == sorted(times)
    assert readers.each[0].dropped == 0
    assert readers.each[0].ending == "ended"


def test_a_file_is_not_read_far_ahead() -> None:
    source = Counter(100_000, live=False)
    with reading(source):
        wait_until_given(source, 4)
        time.sleep(0.05)
    assert source.given < 10


def test_of_a_live_source_the_newest_frame_is_taken_and_the_others_are_counted() -> None:
    source = Counter(100, live=True)
    with reading(source) as readers:
        wait_until_given(source, 100)
        frames = taken(readers, 100)
        assert frames[-1].index == int(frames[-1].image[0, 0, 0]) == 99
        assert readers.each[0].dropped == 100 - len(frames)


def test_a_source_that_breaks_ends_after_its_frames_and_disturbs_no_other() -> None:
    broken = Counter(3, live=False, failure=SourceError("it broke"))
    with reading(broken, Counter(20, live=False)) as readers:
        frames = taken(readers, 100)
        assert [frame.index for frame in frames if frame.source == 0] == [0, 1, 2]
        assert [frame.index for frame in frames if frame.source == 1] == list(range(20))
        assert [reader.ending for reader in readers.each] == ["failed", "ended"]
        assert str(readers.failure) == "it broke"


def test_a_defect_is_raised_after_the_frames_before_it() -> None:
    with reading(Counter(3, live=False, failure=ValueError("a defect"))) as readers:
        assert [frame.index for frame in taken(readers, 3)] == [0, 1, 2]
        with pytest.raises(ValueError, match="a defect"):
            taken(readers, 1)


class Silent(Counter):
    """Gives nothing until it is interrupted."""

    def __init__(self) -> None:
        super().__init__(1, live=True)
        self._interrupted = threading.Event()

    def grab(self) -> Grab | None:
        self._interrupted.wait(30)
        return None

    def interrupt(self) -> None:
        self._interrupted.set()


def test_a_silent_source_holds_up_no_other() -> None:
    with reading(Silent(), Counter(50, live=False)) as readers:
        started = time.monotonic()
        assert len(taken(readers, 50)) == 50
        assert time.monotonic() - started < 5


def test_waiting_for_a_frame_ends_in_time_and_when_the_run_shall_end() -> None:
    with reading(Silent()) as readers:
        started = time.monotonic()
        assert readers.take(threading.Event(), 0.2) == []
        assert 0.2 <= time.monotonic() - started < 5
        stop = threading.Event()
        stop.set()
        assert readers.take(stop, 30) == []
        assert time.monotonic() - started < 5


def test_no_more_frames_are_taken_than_asked_for() -> None:
    sources = [Counter(10, live=False), Counter(10, live=False)]
    with reading(*sources) as readers:
        for source in sources:
            wait_until_given(source, 4)
        assert len(readers.take(threading.Event(), 30, at_most=1)) == 1
