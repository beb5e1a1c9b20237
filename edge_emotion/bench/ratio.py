"""How much slower one row is than another, and how far that can be believed."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from math import comb

from edge_emotion.bench.frozen import Frozen, Positive

CONFIDENCE = 0.95


class Ratio(Frozen):
    """Time of one row ÷ time of another."""

    value: Positive
    ci95: tuple[Positive, Positive]

    @property
    def believable(self) -> bool:
        """Whether the interval excludes 1: the two really differ in speed."""
        low, high = self.ci95
        return low > 1 or high < 1

    @property
    def inverse(self) -> Ratio:
        """The same comparison the other way round."""
        low, high = self.ci95
        return Ratio(value=1 / self.value, ci95=(1 / high, 1 / low))


def time_ratio(one: Sequence[Sequence[int]], other: Sequence[Sequence[int]]) -> Ratio:
    """Compare two rows of one run.

    Each round gives one ratio, of its two medians: what slowed the machine in a round slowed
    both. The value is the median of those ratios. Its interval lies between two of them in order
    of size, which assumes no distribution (David & Nagaraja, Order Statistics, section 7.1): with
    20 rounds the sixth and the fifteenth, which hold the true median with 95.9 %.

    Args:
        one: durations of the calls of each round.
        other: the same of the other row, in the same rounds.
    """
    ratios = sorted(
        statistics.median(mine) / statistics.median(theirs)
        for mine, theirs in zip(one, other, strict=True)
    )
    left_out = _left_out(len(ratios))
    return Ratio(value=statistics.median(ratios), ci95=(ratios[left_out], ratios[-1 - left_out]))


def _left_out(count: int) -> int:
    """How many order statistics the interval leaves out on each side."""
    outside, left_out = 2 / 2**count, 0
    while outside + 2 * comb(count, left_out + 1) / 2**count <= 1 - CONFIDENCE:
        left_out += 1
        outside += 2 * comb(count, left_out) / 2**count
    return left_out
