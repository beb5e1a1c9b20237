from __future__ import annotations

import numpy as np

from edge_emotion.bench.memory import MemoryWatch

MIB = 2**20


def test_what_was_held_and_given_back_again_shows_in_the_peak_alone() -> None:
    watch = MemoryWatch()
    passing = np.ones(64 * MIB, np.uint8)
    del passing
    kept = np.ones(32 * MIB, np.uint8)
    found = watch.memory()
    assert 28 * MIB < found.added_bytes < 48 * MIB
    assert found.peak_bytes is not None
    assert found.peak_bytes - found.before_bytes > 60 * MIB
    del kept
    assert MemoryWatch().memory().added_bytes < 8 * MIB
