"""A short soak: what grows with every frame shows in some thousands of them too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from edge_emotion.camera.mp4 import Mp4Writer

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
    assert abs(growth["frames_in_flight"]) < 10


def test_the_published_run_is_long_and_within_its_bounds() -> None:
    result = json.loads((ROOT / "benchmarks" / "results" / "soak.json").read_text())
    assert result["summary"]["frames"] == 200_000
    growth = result["growth"]
    assert growth["rss_bytes"] < 5_000_000
    assert growth["descriptors"] == growth["threads"] == 0
    assert growth["frames_in_flight"] < 1
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"its memory grew by {growth['rss_bytes'] / 1e6:.1f} MB" in text
