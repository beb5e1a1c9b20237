"""A video file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge_emotion.camera.base import Grab, Source
from edge_emotion.camera.redact import without_credentials
from edge_emotion.camera.sources.capture import open_capture, stated_rate
from edge_emotion.errors import SourceError
from edge_emotion.vision.opencv import cv2

_LEAST_SHARE = 0.9
"""Less of the stated frames than this is damage; containers misstate their count by a little."""


class VideoFileSource(Source):
    """Every frame of a file, as fast as it is asked for."""

    live = False

    def __init__(self, text: str) -> None:
        self._path = Path(text)
        if not self._path.is_file():
            raise SourceError(
                f"there is no file {without_credentials(text)}",
                "give a camera index, csi://0, a URL, a GStreamer pipeline, a video file, a folder "
                "of pictures, or demo",
            )
        failure = SourceError(
            f"{text} is not a video that can be decoded", "it may be truncated: copy it again"
        )
        self._capture = open_capture(text, cv2.CAP_ANY, (), failure)
        self.rate = stated_rate(self._capture)
        self._stated = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self._given = 0

    @classmethod
    def recognises(cls, text: str) -> bool:
        """Whatever no other kind of source recognised."""
        return bool(text)

    def grab(self) -> Grab | None:
        """The next frame, or ``None`` at the end.

        Raises:
            SourceError: the file ends long before the number of frames it states.
        """
        delivered, image = self._capture.read()
        if delivered:
            self._given += 1
            return Grab(np.asarray(image, np.uint8), (self._given - 1) / self.rate)
        if self._given == 0 or self._given < self._stated * _LEAST_SHARE:
            raise SourceError(
                f"{self._path} gave {self._given} of {self._stated} frames",
                "it is truncated or damaged: copy it again",
            )
        return None

    def describe(self) -> str:
        """The path as given."""
        return str(self._path)

    def close(self) -> None:
        """Close the file."""
        self._capture.release()
