"""Memory that is freed and wanted again."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.train

STEPS = """
import ctypes
import resource
import torch
from edge_emotion.training.memory import keep_freed_memory

PR_SET_THP_DISABLE = 41  # where huge pages are always given, a page is as large as an activation
assert ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0
torch.set_num_threads(1)
network = torch.nn.Sequential(
    torch.nn.Conv2d(1, 16, 3, padding=1),
    *(torch.nn.Conv2d(16, 16, 3, padding=1) for _ in range(3)),
)
faces = torch.ones(64, 1, 48, 48)

def pages_asked_of_the_kernel(steps):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(steps):
        network(faces).sum().backward()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

{first}
pages_asked_of_the_kernel(3)
print(pages_asked_of_the_kernel(5) // 5)
"""


def _pages_a_step(first: str) -> int:
    command = [sys.executable, "-c", STEPS.format(first=first)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator is Linux's")
def test_a_step_finds_the_memory_that_the_last_one_freed() -> None:
    assert _pages_a_step("") > 5000
    assert _pages_a_step("assert keep_freed_memory()") < 1000
