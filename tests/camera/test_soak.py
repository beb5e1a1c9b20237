"""A short soak: what grows with every frame shows in some thousands of them too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edge_emotion.camera.mp4 import Mp4Writer
from tests.scripts import load_script

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 6000
"""A second holds a thousand frames on a fast machine, and a run needs two samples, one a second."""


def test_nothing_grows(model: Path, tmp_path: Path) -> None:
    clip, out = tmp_path / "clip.mp4", tmp_path / "soak.json"
    writer = Mp4Writer(clip, (320, 240), 25.0)
    for index in range(50):
        writer.write(np.full((240, 320, 3), 5 * index, np.uint8))
    writer.close()
    arguments = ["--frames", str(FRAMES), "--source", clip, "--model", model, "--out", out]
    subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "soak.py", *arguments, "--detector", "none"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        timeout=120,
    )
    result = json.loads(out.read_text())
    assert result["summary"]["frames"] == FRAMES
    assert result["summary"]["dropped"] == 0
    assert len(result["samples"]) >= 2
    growth = result["growth"]
    assert growth["rss_bytes"] < 8 << 20, "a picture that is kept is 225 KiB"
    assert growth["descriptors"] == growth["threads"] == 0
    assert growth["frame_age_ms"] < 200
    # The newest frame's age is of one moment: a stall of 10 ms in it is ten frames in flight, up or
    # down. A queue that grows holds a share of all frames at the end.
    assert growth["frames_in_flight"] < FRAMES / 60


def test_a_queue_that_keeps_one_frame_of_twenty_shows() -> None:
    soak = load_script(ROOT / "benchmarks" / "soak.py")
    steady = {"rss_bytes": 1, "descriptors": 1, "threads": 1}
    samples = [
        steady | {"frames": 1000 * second, "frame_age_ms": 50 * second} for second in range(1, 7)
    ]
    growth = soak.growths(samples, FRAMES, 6.0)
    assert growth["frames_in_flight"] == pytest.approx(200)
    assert growth["frames_in_flight"] > FRAMES / 60
    assert growth["rss_bytes"] == 0


def test_the_published_run_is_long_and_within_its_bounds() -> None:
    result = json.loads((ROOT / "benchmarks" / "results" / "soak.json").read_text())
    assert result["summary"]["frames"] == 200_000
    growth = result["growth"]
    assert growth["rss_bytes"] < 5_000_000
    assert growth["descriptors"] == growth["threads"] == 0
    assert growth["frames_in_flight"] < 1
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"its memory grew by {growth['rss_bytes'] / 1e6:.1f} MB" in text
