"""How long each stage of the loop takes, and the summary of a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from pydantic import BaseModel, ConfigDict

STAGES = ("grab", "follow", "detect", "classify", "draw", "publish")
_REMEMBERED = 8192
"""Durations kept per stage: five minutes at 25 frames per second, in 32 KiB. All of it is taken
at the start, so that a run of months takes no more memory than its first minute."""


class StageFigures(BaseModel):
    """Turns of one stage, and percentiles of the last ones in milliseconds."""

    model_config = ConfigDict(frozen=True)

    turns: int
    p50_ms: float
    p95_ms: float


class Latency(BaseModel):
    """From a frame's capture to its published result, in milliseconds."""

    model_config = ConfigDict(frozen=True)

    p50_ms: float
    p95_ms: float


class Summary(BaseModel):
    """What a run did."""

    model_config = ConfigDict(frozen=True)

    sources: tuple[str, ...]
    model: str
    sha256: str
    precision: str
    backend: str
    detector: str
    frames: int
    faces: int
    seconds: float
    fps: float
    latency: Latency | None
    """``None`` of a run without a frame; of the last frames of a long one."""
    dropped: int
    """Frames of live sources that were overtaken by newer ones."""
    reconnects: int
    cpu_temperature_celsius: float | None
    """At the end; ``None`` where the system does not show it."""
    stages: dict[str, StageFigures]
    """One entry per stage that ran."""


class Durations:
    """The last durations of one thing, in milliseconds, and how many there ever were."""

    def __init__(self) -> None:
        self.turns = 0
        self._kept = np.ones(_REMEMBERED, np.float32)  # ones: zeros would be taken up only in use

    def add(self, milliseconds: float) -> None:
        """Keep one more, in the place of the oldest."""
        self._kept[self.turns % _REMEMBERED] = milliseconds
        self.turns += 1

    def percentiles(self) -> tuple[float, float]:
        """The 50th and the 95th of those kept; there must be one."""
        half, most = np.percentile(self._kept[: self.turns], (50, 95))
        return round(float(half), 3), round(float(most), 3)


class Stopwatch:
    """Durations of the loop's stages, bounded in memory. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stages = {stage: Durations() for stage in STAGES}

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Measure the block as one turn of a stage of ``STAGES``."""
        started = time.perf_counter()
        try:
            yield
        finally:
            milliseconds = (time.perf_counter() - started) * 1000
            with self._lock:
                self._stages[stage].add(milliseconds)

    def figures(self) -> dict[str, StageFigures]:
        """Percentiles of every stage that ran."""
        with self._lock:
            found = {}
            for stage, durations in self._stages.items():
                if durations.turns:
                    half, most = durations.percentiles()
                    found[stage] = StageFigures(turns=durations.turns, p50_ms=half, p95_ms=most)
            return found
