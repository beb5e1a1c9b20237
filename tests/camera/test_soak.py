"""A short soak: what grows with every frame shows in a thousand of them too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "soak.py"
FRAMES = 1500


def test_nothing_grows(model: Path, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "soak.json"
    arguments = ["--frames", str(FRAMES), "--source", clip, "--model", model, "--out", out]
    subprocess.run(
        [sys.executable, SCRIPT, *arguments, "--detector", "none"], check=True, timeout=120
    )
    result = json.loads(out.read_text())
    assert result["summary"]["frames"] == FRAMES
    assert result["summary"]["dropped"] == 0
    assert len(result["samples"]) >= 4
    growth = result["growth"]
    assert growth["rss_bytes"] < 16 << 20, "a picture that is kept is 2.6 MiB"
    assert growth["descriptors"] == growth["threads"] == 0
    assert growth["frame_age_ms"] < 200
