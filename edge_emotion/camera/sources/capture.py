"""What every source read through ``cv2.VideoCapture`` has in common."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from edge_emotion.camera.base import Grab, Source
from edge_emotion.camera.rate import USUAL_RATE
from edge_emotion.errors import SourceError
from edge_emotion.vision.opencv import cv2


def open_capture(
    target: str | int, api: int, settings: Sequence[int], failure: SourceError
) -> cv2.VideoCapture:
    """Open a capture.

    Args:
        target: index, path, URL or pipeline.
        api: which of OpenCV's video back ends to ask.
        settings: alternately a ``CAP_PROP_…`` and its value.
        failure: raised when it does not open.
    """
    try:
        capture = cv2.VideoCapture(target, api, list(settings))
    except cv2.error as error:
        raise failure from error
    if not capture.isOpened():
        raise failure
    return capture


def stated_rate(capture: cv2.VideoCapture) -> float:
    """Frames per second as the source states them, or ``USUAL_RATE``."""
    rate = float(capture.get(cv2.CAP_PROP_FPS))
    return rate if math.isfinite(rate) and 0 < rate <= 1000 else USUAL_RATE


class LiveSource(Source):
    """A camera or stream: it has no end, so a frame that does not come is an error.

    A read may block for ever: ``live.source.SupervisedSource`` keeps it in another process.
    """

    live = True

    def __init__(self, text: str) -> None:
        self._text = text
        self._capture = self._open()
        self.rate = stated_rate(self._capture)

    @abstractmethod
    def _open(self) -> cv2.VideoCapture:
        """Open the capture."""

    def grab(self) -> Grab:
        """The next frame.

        Raises:
            SourceError: it stopped delivering.
        """
        delivered, image = self._capture.read()
        if not delivered:
            raise SourceError(
                f"{self.describe()} stopped delivering frames",
                "check the cable, the network and the server",
            )
        return Grab(np.asarray(image, np.uint8), 0.0)  # its supervisor knows since when

    def describe(self) -> str:
        """What the user wrote, with no password in it."""
        return self.shown(self._text)

    def close(self) -> None:
        """Release the device."""
        self._capture.release()
