"""An RTSP camera that is killed and comes back, again and again, while the loop runs."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.real.conftest import RtspServer

pytestmark = pytest.mark.real

RECOVERS_SECONDS = 2.0


def descriptors(process: int) -> int:
    return sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())


def threads(process: int) -> int:
    return sum(1 for _ in Path(f"/proc/{process}/task").iterdir())


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def watch_restarts(rtsp: RtspServer, model: Path, folder: Path, restarts: int) -> list[float]:
    """Run the loop through so many restarts; how long each recovery took, in seconds."""
    events = folder / "events.jsonl"
    loop = subprocess.Popen(
        [
            *(sys.executable, "-m", "edge_emotion", "camera", "--source", rtsp.url),
            *("--model", str(model), "--detector", "none", "--headless", "--json"),
            *("--backend", "openvino", "--events", str(events)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    def size() -> int:
        return events.stat().st_size if events.exists() else 0

    wait_for(lambda: size() > 3000)
    before = descriptors(loop.pid), threads(loop.pid)
    recoveries = []
    for _ in range(restarts):
        rtsp.kill()
        time.sleep(1.3)
        stalled = size()
        time.sleep(0.2)
        assert size() == stalled, "no frame without a server"
        returned = rtsp.start()
        wait_for(lambda stalled=stalled: size() > stalled)
        recoveries.append(time.monotonic() - returned)
    wait_for(lambda: (descriptors(loop.pid), threads(loop.pid)) == before)
    loop.send_signal(signal.SIGTERM)
    out, err = loop.communicate(timeout=30)
    assert loop.returncode == 0, err
    assert "Traceback" not in err
    assert "secret" not in out + err + events.read_text()
    summary = json.loads(out)
    assert summary["reconnects"] == restarts
    lines = events.read_text().splitlines(keepends=True)
    assert len(lines) == summary["frames"]
    frames = [json.loads(line)["frame"] for line in lines]
    assert frames == sorted(set(frames)), "numbers go on through every restart"
    return recoveries


def test_a_camera_that_is_killed_twice_is_back_each_time(
    rtsp: RtspServer, model: Path, tmp_path: Path
) -> None:
    recoveries = watch_restarts(rtsp, model, tmp_path, restarts=2)
    assert max(recoveries) < RECOVERS_SECONDS


@pytest.mark.slow
def test_a_camera_that_is_killed_ten_times_is_back_each_time(
    rtsp: RtspServer, model: Path, tmp_path: Path
) -> None:
    recoveries = watch_restarts(rtsp, model, tmp_path, restarts=10)
    logging.getLogger(__name__).info("recovered within %s s", [round(s, 2) for s in recoveries])
    assert max(recoveries) < RECOVERS_SECONDS
