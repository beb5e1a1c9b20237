"""Percentiles of timed calls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge_emotion.bench.frozen import Frozen

_MS = 1e6


class Latency(Frozen):
    """Milliseconds of one call, whatever its batch."""

    p50: float
    p90: float
    p95: float
    p99: float
    mean: float
    min: float
    max: float

    @classmethod
    def of(cls, samples_ns: Sequence[int]) -> Latency:
        """Summarise raw samples; percentiles interpolate linearly between order statistics."""
        samples = np.asarray(samples_ns, dtype=np.float64) / _MS
        p50, p90, p95, p99 = np.percentile(samples, [50, 90, 95, 99]).tolist()
        return cls(
            p50=p50,
            p90=p90,
            p95=p95,
            p99=p99,
            mean=float(samples.mean()),
            min=float(samples.min()),
            max=float(samples.max()),
        )
