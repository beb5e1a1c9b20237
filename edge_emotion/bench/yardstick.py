"""A fixed piece of work, timed beside the rows of every benchmark.

Two runs of one build on one machine differ by several percent: the clock, the neighbours of a
virtual machine, the heat. The yardstick meets all of it and changes with no build, so a row's time
divided by the yardstick's of the same round can be compared with another run's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from edge_emotion.bench.timing import Lane

BLOCK_BYTES = 64 * 1024
"""Hashed in one call: some tens of microseconds, about as long as a small network takes."""


def yardstick() -> Lane:
    """A lane that hashes a block with BLAKE2b: one thread, no memory but the first caches."""
    block = bytes(range(256)) * (BLOCK_BYTES // 256)
    return Lane(lambda data: hashlib.blake2b(data).digest(), [block])


def in_yardsticks(rounds_ns: Sequence[float], yardstick_ns: Sequence[float]) -> tuple[float, ...]:
    """A row's median of each round in units of the yardstick's of the same round."""
    return tuple(row / unit for row, unit in zip(rounds_ns, yardstick_ns, strict=True))
