from __future__ import annotations

import json
import subprocess
import sys

MIB = 2**20
ALONE = """
import json
import numpy as np
from edge_emotion.bench.memory import MemoryWatch
watch = MemoryWatch()
passing = np.ones(64 * 2**20, np.uint8)
del passing
kept = np.ones(32 * 2**20, np.uint8)
print(json.dumps([watch.memory().added_bytes, watch.memory().model_dump()]))
"""


def test_what_was_held_and_given_back_again_shows_in_the_peak_alone() -> None:
    # In a process of its own: one that has run other tests gives back memory of theirs meanwhile.
    done = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, text=True, check=True, timeout=60
    )
    added, memory = json.loads(done.stdout)
    assert 28 * MIB < added < 48 * MIB
    assert memory["peak_bytes"] - memory["before_bytes"] > 60 * MIB
