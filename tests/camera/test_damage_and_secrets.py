"""What a source says of a damaged file and of a secret, and events down a pipe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from edge_emotion.camera import Event, open_source
from edge_emotion.camera.redact import without_credentials
from edge_emotion.errors import SourceError


def test_a_video_cut_in_the_middle_gives_what_it_has_then_says_so(
    clip: Path, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.avi"
    capture = cv2.VideoCapture(str(clip))
    writer = cv2.VideoWriter(str(whole), cv2.VideoWriter.fourcc(*"MJPG"), 25, (1280, 720))
    for _ in range(20):
        writer.write(capture.read()[1])
    writer.release()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    source = open_source(str(cut))
    frames = iter(source.grab, None)
    assert next(frames) is not None
    with pytest.raises(SourceError, match=r"gave 1?\d of 20 frames.*truncated"):
        list(frames)
    source.close()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://admin:p@ss/w?rd@10.0.0.5/live", "rtsp://***@10.0.0.5/live"),
        ("http://cam/live?token=abc&size=2", "http://cam/live?token=***&size=2"),
        (
            "rtspsrc location=rtsp://u:p@h/s user-pw=secret ! decodebin",
            "rtspsrc location=rtsp://***@h/s user-pw=*** ! decodebin",
        ),
        ("rtsp://10.0.0.5/live", "rtsp://10.0.0.5/live"),
    ],
)
def test_credentials_are_hidden_wherever_they_stand(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


def test_credentials_of_a_scheme_that_is_not_known_are_hidden_too() -> None:
    with pytest.raises(SourceError, match=r"no file ftp://\*\*\*@host/x\.mp4"):
        open_source("ftp://user:secret@host/x.mp4")


def test_events_go_down_a_pipe(model: Path, clip: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "edge_emotion", "camera", "--source", clip, "--model", model),
            *("--detector", "none", "--headless", "--max-frames", "3", "--events", "/dev/stdout"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if "cannot write /dev" in done.stderr:
        pytest.skip("/dev cannot be written to by this user")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [Event.model_validate_json(line).frame for line in lines] == [0, 1, 2]
