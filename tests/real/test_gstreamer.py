"""GStreamer pipelines through the OpenCV that Debian builds; pip's has no GStreamer."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.real.conftest import SYSTEM_PYTHON, RtspServer, system_python_lacks

pytestmark = pytest.mark.real

ROOT = Path(__file__).resolve().parents[2]
CAMERA = "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=30/1"
NEWEST = "appsink drop=true max-buffers=1 sync=false"
PROGRAM = """
import json, sys
from edge_emotion.camera import open_source
from edge_emotion.errors import SourceError
try:
    source = open_source(sys.argv[1])
except SourceError as error:
    print(json.dumps({"error": str(error)}))
    sys.exit()
grabs = [source.grab() for _ in range(int(sys.argv[2]))]
print(json.dumps({
    "shapes": sorted({grab.image.shape for grab in grabs}),
    "means": [float(grab.image.mean()) for grab in grabs],
    "positions": [grab.position for grab in grabs],
    "rate": source.rate,
    "reconnects": source.connection().reconnects,
    "error": source.connection().error,
    "name": source.describe(),
}))
source.close()
"""


@pytest.fixture(scope="module", autouse=True)
def opencv_with_gstreamer() -> None:
    if system_python_lacks(
        "import cv2; assert cv2.videoio_registry.hasBackend(cv2.CAP_GSTREAMER);"
        "capture = cv2.VideoCapture('videotestsrc ! videoconvert ! appsink', cv2.CAP_GSTREAMER);"
        "assert capture.isOpened()"
    ):
        pytest.skip("needs Debian's python3-opencv and gstreamer1.0-plugins-base")


def read(text: str, frames: int) -> dict[str, Any]:
    done = subprocess.run(
        [SYSTEM_PYTHON, "-c", PROGRAM, text, str(frames)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("end", ["", f" ! videoconvert ! video/x-raw,format=BGR ! {NEWEST}"])
def test_frames_of_a_pipeline(end: str) -> None:
    found = read(CAMERA + end, 10)
    assert found["shapes"] == [[240, 320, 3]]
    assert min(found["means"]) > 50, "colour bars"
    assert found["positions"] == sorted(found["positions"])
    assert found["rate"] == 30
    assert found["reconnects"] == 0


def test_a_pipeline_that_ends_is_started_again() -> None:
    found = read(CAMERA.replace("is-live", "num-buffers=15 is-live"), 40)
    assert found["reconnects"] >= 2
    assert "stopped delivering frames" in found["error"]


def test_a_pipeline_that_does_not_start_is_told_with_a_way_to_find_out() -> None:
    error = read("filesrc location=/nowhere/video.mp4 ! decodebin", 1)["error"]
    assert "cannot start filesrc location=/nowhere/video.mp4" in error
    assert "gst-launch-1.0" in error


@pytest.mark.parametrize(
    ("pipeline", "reason"),
    [
        ("nvarguscamerasrc ! nosuchelement", 'no element "n'),
        ("videotestsrc nosuch=1 ! videoconvert", 'no property "nosuch" in element "videotestsrc"'),
        ("videotestsrc ! ! videoconvert", "syntax error"),
    ],
)
def test_a_pipeline_that_cannot_be_built_is_told_with_its_reason(
    pipeline: str, reason: str
) -> None:
    error = read(pipeline, 1)["error"]
    assert f"cannot build {pipeline}: " in error
    assert reason in error
    assert "install the plugin" in error


def test_rtsp_through_gstreamer(rtsp: RtspServer) -> None:
    source = f"rtspsrc location={rtsp.url} protocols=tcp latency=0 ! rtph264depay ! h264parse"
    if system_python_lacks(
        "import gi; gi.require_version('Gst', '1.0'); from gi.repository import Gst;"
        "Gst.init(None); assert Gst.ElementFactory.find('openh264dec')"
    ):
        pytest.skip("needs openh264dec of gstreamer1.0-plugins-bad")
    found = read(f"{source} ! openh264dec", 10)
    assert found["shapes"] == [[240, 320, 3]]
    assert "secret" not in found["name"]
