"""How long each stage of the loop takes, and the summary of a run."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from pydantic import BaseModel, ConfigDict

STAGES = ("grab", "follow", "detect", "classify", "draw", "publish")
_REMEMBERED = 100_000
"""Durations kept per stage: an hour at 25 frames per second, in a megabyte."""


class StageFigures(BaseModel):
    """Turns of one stage, and percentiles of the last ones in milliseconds."""

    model_config = ConfigDict(frozen=True)

    turns: int
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
    stages: dict[str, StageFigures]
    """One entry per stage that ran."""


class Stopwatch:
    """Durations of the loop's stages, bounded in memory. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns = dict.fromkeys(STAGES, 0)
        self._durations = {stage: deque[float](maxlen=_REMEMBERED) for stage in STAGES}

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Measure the block as one turn of a stage of ``STAGES``."""
        started = time.perf_counter()
        try:
            yield
        finally:
            milliseconds = (time.perf_counter() - started) * 1000
            with self._lock:
                self._turns[stage] += 1
                self._durations[stage].append(milliseconds)

    def figures(self) -> dict[str, StageFigures]:
        """Percentiles of every stage that ran."""
        with self._lock:
            kept = {stage: list(durations) for stage, durations in self._durations.items()}
            turns = dict(self._turns)
        return {
            stage: StageFigures(
                turns=turns[stage],
                p50_ms=round(float(np.percentile(durations, 50)), 3),
                p95_ms=round(float(np.percentile(durations, 95)), 3),
            )
            for stage, durations in kept.items()
            if durations
        }
