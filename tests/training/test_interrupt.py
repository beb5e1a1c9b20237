"""Ctrl-C while trials are written down, and while one runs.

Each case is a process of its own: signals are handled on a stack that native libraries, loaded by
other tests, may have replaced by one of theirs.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import signal
from edge_emotion.training.interrupt import Interrupt

before = signal.getsignal(signal.SIGINT)
"""

WAITS = """
with Interrupt() as interrupt:
    with interrupt.heard():
        print("first trial")
    signal.raise_signal(signal.SIGINT)
    print("its result")
    try:
        with interrupt.heard():
            print("second trial")
    except KeyboardInterrupt:
        print("interrupted")
print("restored" if signal.getsignal(signal.SIGINT) is before else "lost")
"""

AT_ONCE = """
try:
    with Interrupt() as interrupt, interrupt.heard():
        signal.raise_signal(signal.SIGINT)
        print("went on")
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize(
    ("case", "said"),
    [
        pytest.param(
            WAITS,
            ["first trial", "its result", "interrupted", "restored"],
            id="it waits for a place where it is heard",
        ),
        pytest.param(AT_ONCE, ["interrupted"], id="it ends what hears it at once"),
    ],
)
def test_ctrl_c(case: str, said: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + case], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.splitlines()) == (0, said), done.stderr
