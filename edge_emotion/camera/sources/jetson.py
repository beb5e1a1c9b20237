"""Cameras of a Jetson, decoded and scaled by its own hardware.

``csi://0``, ``jetson+usb://0`` and ``jetson+rtsp://user:password@host/path``. The pipelines are
those of NVIDIA's Accelerated GStreamer guide (Jetson Linux, Multimedia). They have not been run by
this project's tests, which have no Jetson: the tests check how they are put together.
"""

from __future__ import annotations

import re

from edge_emotion.camera.sources.gstreamer import NEWEST_ONLY, GStreamerSource

_TO_BGR = (
    f"nvvidconv ! video/x-raw, format=BGRx ! videoconvert ! video/x-raw, format=BGR ! {NEWEST_ONLY}"
)
"""Out of the hardware's memory (NVMM) into ours. ``nvvidconv`` gives four bytes a pixel at best."""


class JetsonSource(GStreamerSource):
    """A camera on a CSI connector, a USB camera that sends MJPEG, or an H.264 stream.

    The cameras give 1280×720 at 30 frames per second.
    """

    @classmethod
    def recognises(cls, text: str) -> bool:
        """``csi://`` or ``jetson+usb://`` and a number, or ``jetson+rtsp://`` and an address."""
        return (
            re.fullmatch(r"(csi|jetson\+usb)://\d{1,2}|jetson\+rtsps?://[^\s!\"]+", text)
            is not None
        )

    def _pipeline(self) -> str:
        scheme, _, place = self._text.partition("://")
        if scheme == "csi":
            return _csi(place)
        if scheme == "jetson+usb":
            return _usb(place)
        return _rtsp(self._text.removeprefix("jetson+"))


def _csi(sensor: str) -> str:
    return (
        f"nvarguscamerasrc sensor-id={sensor} ! "
        "video/x-raw(memory:NVMM), width=1280, height=720, framerate=30/1, format=NV12 ! "
        f"{_TO_BGR}"
    )


def _usb(number: str) -> str:
    return (
        f"v4l2src device=/dev/video{number} io-mode=2 ! "
        "image/jpeg, width=1280, height=720, framerate=30/1 ! "
        f"jpegparse ! nvjpegdec ! video/x-raw ! {_TO_BGR}"
    )


def _rtsp(url: str) -> str:
    # Quoted: an address may hold characters that mean something to the pipeline's own language.
    return (
        f'rtspsrc location="{url}" protocols=tcp latency=100 ! '
        f"rtph264depay ! h264parse ! nvv4l2decoder ! {_TO_BGR}"
    )
