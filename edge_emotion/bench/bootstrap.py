"""Intervals by resampling rounds, which share what disturbs a machine, and not single calls.

B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 6 and 13: the
percentile interval. Drawn with a fixed seed, so the same samples always give the same interval.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edge_emotion.bench.ratio import CONFIDENCE, Ratio

_DRAWS = 4000
_SEED = 0


def round_medians(rounds_ns: Sequence[Sequence[int]]) -> tuple[float, ...]:
    """The median call of every round, in nanoseconds."""
    return tuple(statistics.median(timed) for timed in rounds_ns)


def median_interval(medians: Sequence[float]) -> tuple[float, float]:
    """The interval of the median of all rounds, from the rounds' medians."""
    return _interval(_resampled(medians, np.random.default_rng(_SEED)))


def unpaired_ratio(one: Sequence[float], other: Sequence[float]) -> Ratio:
    """Compare two rows of different runs, each given by the medians of its rounds."""
    random = np.random.default_rng(_SEED)
    return Ratio(
        value=statistics.median(one) / statistics.median(other),
        ci95=_interval(_resampled(one, random) / _resampled(other, random)),
    )


def _resampled(medians: Sequence[float], random: np.random.Generator) -> npt.NDArray[np.float64]:
    count = len(medians)
    drawn = random.integers(0, count, (_DRAWS, count))
    return np.median(np.asarray(medians, np.float64)[drawn], axis=1)


def _interval(draws: npt.NDArray[np.float64]) -> tuple[float, float]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(draws, (tail, 1 - tail)).tolist()
    return low, high
