"""A network stream: RTSP, RTMP, HTTP and whatever else FFmpeg reads by URL."""

from __future__ import annotations

import os
import re

from edge_emotion.camera.sources.capture import LiveSource, open_capture
from edge_emotion.errors import SourceError
from edge_emotion.vision.opencv import cv2

_OPEN_MS = 10_000
_READ_MS = 5_000
"""How long opening, and one read, may take before the stream counts as gone."""
_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_PROMPT = "rtsp_transport;tcp|fpsprobesize;0"
"""RTSP's pictures come in its own connection: of UDP's, every lost packet tears one. And FFmpeg
does not watch a second of them to measure their rate first, which would then be a second late."""


class StreamSource(LiveSource):
    """A URL. Each read is bounded in time, so a server that falls silent is noticed."""

    @classmethod
    def recognises(cls, text: str) -> bool:
        """``rtsp://``, ``rtsps://``, ``rtmp://``, ``http://``, ``https://``, ``udp://``, …."""
        return re.match(r"(?i)(rtsps?|rtmps?|https?|udp|srt|tcp)://", text) is not None

    def _open(self) -> cv2.VideoCapture:
        os.environ.setdefault(_OPTIONS, _PROMPT)
        settings = (
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _OPEN_MS),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, _READ_MS),
        )
        failure = SourceError(
            f"cannot open the stream {self.describe()}",
            "check the address, the password and that the server is reachable",
        )
        return open_capture(self._text, cv2.CAP_FFMPEG, settings, failure)
