"""A clip to run the loop on."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_emotion.camera.clip import DemoClip
from edge_emotion.camera.mp4 import Mp4Writer

CLIP_FRAMES = 30


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The beginning of the demo clip, as a video file: two faces."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    demo = DemoClip()
    writer = Mp4Writer(path, (1280, 720), 25.0)
    for index in range(CLIP_FRAMES):
        writer.write(demo.frame(index))
    writer.close()
    return path
