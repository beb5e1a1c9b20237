"""Time calls so that two rows of one run can be compared."""

from __future__ import annotations

import gc
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from time import perf_counter_ns
from typing import Any

CLOCK = "time.perf_counter_ns (CLOCK_MONOTONIC)"
ROUNDS = 20
_SECOND = 1_000_000_000
_SETTLE_NS = 10_000_000
"""Untimed calls before every slice: the row before has left its data in the caches, and its
runtime's worker threads still spin for a few milliseconds."""
_WARM_UP_WINDOW_NS = 50_000_000
_WARM_UP_LIMIT_NS = 2 * _SECOND
_STABLE = 0.03
_ORDER_SEED = 0


@dataclass
class Lane:
    """A call to be timed, its inputs in rotation, and what was measured so far."""

    call: Callable[[Any], object]
    inputs: Sequence[Any]
    rounds_ns: list[list[int]] = field(default_factory=list)
    answers: list[tuple[Any, Any]] = field(default_factory=list)
    """Input and answer of the last call of every timed slice."""
    error: Exception | None = None
    """What its call raised; such a lane takes no further part."""

    def __post_init__(self) -> None:
        self._rotation: Iterator[Any] = cycle(self.inputs)
        self._last: tuple[Any, Any] = (None, None)

    def run_for(self, duration_ns: int) -> list[int]:
        """Call for so long, at least once; duration of every call, in nanoseconds."""
        call, rotation = self.call, self._rotation
        samples: list[int] = []
        now = perf_counter_ns()
        end = now + duration_ns
        while now < end or not samples:
            given = next(rotation)
            start = perf_counter_ns()
            answer = call(given)
            now = perf_counter_ns()
            samples.append(now - start)
        self._last = (given, answer)
        return samples

    def time_for(self, duration_ns: int) -> None:
        """Call for so long, and keep the durations as a round, with the last answer."""
        self.rounds_ns.append(self.run_for(duration_ns))
        self.answers.append(self._last)


def measure(lanes: Sequence[Lane], seconds: float) -> None:
    """Warm every lane up, then fill its ``rounds_ns``.

    Each round times a slice of every lane, in shuffled order, so what disturbs the machine for a
    while disturbs all lanes alike.

    Args:
        lanes: a call that raises ends its lane, and is kept there as ``error``.
        seconds: timed seconds for each lane, over all rounds.
    """
    shuffler = random.Random(_ORDER_SEED)  # noqa: S311 - not for secrets
    slice_ns = round(seconds * _SECOND / ROUNDS)
    for lane in lanes:
        with kept_error(lane):
            _warm_up(lane)
    with _collector_paused():
        for _ in range(ROUNDS):
            running = [lane for lane in lanes if lane.error is None]
            shuffler.shuffle(running)
            for lane in running:
                with kept_error(lane):
                    lane.run_for(min(_SETTLE_NS, slice_ns))
                    lane.time_for(slice_ns)


def _warm_up(lane: Lane) -> None:
    """Call until the median of one window is within 3 % of the window before, or 2 s are over."""
    end = perf_counter_ns() + _WARM_UP_LIMIT_NS
    previous = statistics.median(lane.run_for(_WARM_UP_WINDOW_NS))
    while perf_counter_ns() < end:
        current = statistics.median(lane.run_for(_WARM_UP_WINDOW_NS))
        if abs(current - previous) <= _STABLE * previous:
            return
        previous = current


@contextmanager
def kept_error(lane: Lane) -> Iterator[None]:
    """Keep what the block raises as the lane's ``error``: it is that row's result."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever a runtime raises is that row's result
        lane.error = error


@contextmanager
def _collector_paused() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
