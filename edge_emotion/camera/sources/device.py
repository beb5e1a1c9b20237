"""A camera that the system knows by number: ``0``, or by device file: ``/dev/video0``."""

from __future__ import annotations

import os
import re
from pathlib import Path

from edge_emotion.camera.sources.capture import LiveSource, open_capture
from edge_emotion.errors import SourceError
from edge_emotion.vision.opencv import cv2


class DeviceSource(LiveSource):
    """A USB or built-in camera through Video4Linux."""

    @classmethod
    def recognises(cls, text: str) -> bool:
        """A number, or a ``/dev/video`` path."""
        return re.fullmatch(r"(/dev/video)?\d{1,4}", text) is not None

    def _open(self) -> cv2.VideoCapture:
        index = int(self._text.removeprefix("/dev/video"))
        device = Path(f"/dev/video{index}")
        if not device.exists():
            present = sorted(str(path) for path in Path("/dev").glob("video*"))
            raise SourceError(
                f"there is no camera {self._text} ({device} does not exist)",
                f"choose one of: {', '.join(present)}" if present else "connect a camera",
            )
        if not os.access(device, os.R_OK | os.W_OK):
            raise SourceError(
                f"no permission for {device}",
                "sudo usermod -aG video $USER, then log in again",
            )
        failure = SourceError(
            f"{device} does not open", "another program may hold it, or it is no capture device"
        )
        # One buffer: with more, a slow loop would show the past.
        return open_capture(index, cv2.CAP_V4L2, (cv2.CAP_PROP_BUFFERSIZE, 1), failure)

    @classmethod
    def shown(cls, text: str) -> str:
        """The device file."""
        return f"/dev/video{int(text.removeprefix('/dev/video'))}"
