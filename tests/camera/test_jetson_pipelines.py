"""How a Jetson's pipelines are put together; not run here: their elements need a Jetson."""

from __future__ import annotations

import pytest

from edge_emotion.camera.sources import kind_named, name_of_kind
from edge_emotion.camera.sources.jetson import JetsonSource

END = "video/x-raw, format=BGR ! appsink drop=true max-buffers=1 sync=false"


def pipeline(text: str) -> str:
    source = JetsonSource.__new__(JetsonSource)  # opening it needs the elements
    source._text = text
    return source._pipeline()


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("csi://1", ["nvarguscamerasrc sensor-id=1", "video/x-raw(memory:NVMM)", "nvvidconv"]),
        ("jetson+usb://2", ["v4l2src device=/dev/video2", "image/jpeg", "nvjpegdec", "nvvidconv"]),
        (
            "jetson+rtsp://u:p@host/live?a=1",
            [
                *('rtspsrc location="rtsp://u:p@host/live?a=1" protocols=tcp', "rtph264depay"),
                *("h264parse", "nvv4l2decoder", "nvvidconv"),
            ],
        ),
    ],
)
def test_each_ends_in_the_newest_frame_alone(text: str, elements: list[str]) -> None:
    assert name_of_kind(text) == "jetson"
    built = pipeline(text)
    places = [built.find(element) for element in elements]
    assert -1 not in places
    assert places == sorted(places)
    assert built.endswith(END)


@pytest.mark.parametrize(
    "text", ["csi://a", "jetson+usb:///dev/video0", 'jetson+rtsp://h/" ! fakesink', "rtsp://h/l"]
)
def test_nothing_else_is_taken_for_one(text: str) -> None:
    assert not JetsonSource.recognises(text)


def test_passwords_are_hidden() -> None:
    shown = kind_named("jetson").shown("jetson+rtsp://user:secret@host/live")
    assert shown == "jetson+rtsp://***@host/live"
