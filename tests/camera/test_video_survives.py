"""``kill -9`` in the middle of a run: the video plays up to the last second, events are whole."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_emotion.camera.background import BackgroundWriter
from edge_emotion.camera.mp4 import Mp4Writer
from edge_emotion.errors import OutputError
from tests.camera.conftest import CLIP_FRAMES
from tests.camera.test_loop import camera, frames_in

RATE = 25


def test_a_killed_run_leaves_a_video_that_plays_and_whole_events(
    model: Path, clip: Path, tmp_path: Path
) -> None:
    pytest.importorskip("av", reason="PyAV is not installed")
    video, events = tmp_path / "annotated.mp4", tmp_path / "events.jsonl"
    run = subprocess.Popen(
        camera(
            *(model, "--source", clip, "--loop", "--detector", "none"),
            *("--output", video, "--events", events),
        )
    )
    deadline = time.monotonic() + 60
    while not (events.exists() and events.read_bytes().count(b"\n") > 4 * CLIP_FRAMES):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    run.kill()
    run.wait()
    lines = events.read_text().splitlines(keepends=True)
    assert lines[-1].endswith("\n")
    written = [json.loads(line)["position"] for line in lines]
    # A second is in the fragment that was open, the rest waited to be encoded.
    assert frames_in(video) >= len(written) - RATE - 10 >= 2 * CLIP_FRAMES


def test_pictures_are_shown_when_they_were_taken(tmp_path: Path) -> None:
    pytest.importorskip("av", reason="PyAV is not installed")
    writer = Mp4Writer(tmp_path / "slow.mp4", (64, 48), 30.0)
    positions = [0.0, 0.5, 0.6, 2.0, 3.5]
    for position in positions:
        writer.write(np.zeros((48, 64, 3), np.uint8), position)
    writer.close()
    capture = cv2.VideoCapture(str(tmp_path / "slow.mp4"))
    shown = []
    while capture.read()[0]:
        shown.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    assert shown == pytest.approx(positions, abs=0.002)


@pytest.mark.parametrize("fragmented", [True, False])
def test_an_odd_size_and_another_one_later(
    tmp_path: Path, fragmented: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fragmented:
        pytest.importorskip("av", reason="PyAV is not installed")
    else:
        monkeypatch.setattr("edge_emotion.camera.mp4.find_spec", lambda _: None)
    writer = Mp4Writer(tmp_path / "odd.mp4", (65, 47), 25.0)
    for shape in ((47, 65, 3), (96, 128, 3), (10, 300, 3)):
        writer.write(np.full(shape, 200, np.uint8))
    writer.close()
    writer.close()
    assert frames_in(tmp_path / "odd.mp4") == 3


class Slow(Mp4Writer):
    """As slow as an encoder on a small board; its file may break."""

    def __init__(self, broken: bool = False) -> None:
        self.written = 0
        self.closed = 0
        self._broken = broken

    def write(self, picture: np.ndarray, position: float | None = None) -> None:  # noqa: ARG002
        time.sleep(0.005)
        if self._broken:
            raise OutputError("cannot write it")
        self.written += 1

    def close(self) -> None:
        self.closed += 1


def fill(writer: BackgroundWriter, count: int) -> None:
    for index in range(count):
        writer.write(np.zeros((4, 4, 3), np.uint8), index / RATE)


def test_a_file_waits_for_the_encoder_and_a_live_source_does_not() -> None:
    patient, hasty = Slow(), Slow()
    waiting, dropping = BackgroundWriter(patient, waits=True), BackgroundWriter(hasty, waits=False)
    fill(waiting, 60)
    fill(dropping, 60)
    waiting.close()
    dropping.close()
    dropping.close()
    assert (patient.written, waiting.dropped) == (60, 0)
    assert hasty.written + dropping.dropped == 60
    assert dropping.dropped > 40
    assert (patient.closed, hasty.closed) == (1, 1)


def test_what_cannot_be_written_ends_the_run_and_blocks_nobody() -> None:
    writer = BackgroundWriter(Slow(broken=True), waits=True)
    with pytest.raises(OutputError, match="cannot write it"):
        fill(writer, 100)
    with pytest.raises(OutputError, match="cannot write it"):
        writer.close()


def test_without_pyav_a_live_run_is_told_what_it_misses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edge_emotion.camera.sinks.video import VideoSink

    monkeypatch.setattr("edge_emotion.camera.mp4.find_spec", lambda _: None)
    with pytest.warns(UserWarning, match=r"pip install 'edge-emotion\[video\]'"):
        VideoSink(tmp_path / "out.mp4", live=[True])
    VideoSink(tmp_path / "out.mp4", live=[False])
