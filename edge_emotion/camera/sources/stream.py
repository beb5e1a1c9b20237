"""A network stream: RTSP, RTMP, HTTP and whatever else FFmpeg reads by URL."""

from __future__ import annotations

import re

from edge_emotion.camera.redact import without_credentials
from edge_emotion.camera.sources.capture import LiveSource, open_capture
from edge_emotion.errors import SourceError
from edge_emotion.vision.opencv import cv2

_TIMEOUT_MS = 10_000
"""How long opening, or one read, may take before the stream counts as gone."""


class StreamSource(LiveSource):
    """A URL. Each read is bounded in time, so a server that falls silent is noticed."""

    @classmethod
    def recognises(cls, text: str) -> bool:
        """``rtsp://``, ``rtsps://``, ``rtmp://``, ``http://``, ``https://``, ``udp://``, …."""
        return re.match(r"(?i)(rtsps?|rtmps?|https?|udp|srt|tcp)://", text) is not None

    def _open(self) -> cv2.VideoCapture:
        settings = (
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            _TIMEOUT_MS,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            _TIMEOUT_MS,
        )
        failure = SourceError(
            f"cannot open the stream {self.describe()}",
            "check the address, the password and that the server is reachable",
        )
        return open_capture(self._text, cv2.CAP_FFMPEG, settings, failure)

    def describe(self) -> str:
        """The URL, with no password in it."""
        return without_credentials(self._text)
