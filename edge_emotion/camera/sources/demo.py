"""The embedded clip, made frame by frame: ``demo``."""

from __future__ import annotations

from edge_emotion.camera.base import Grab, Source
from edge_emotion.camera.clip import FRAMES, RATE, DemoClip


class DemoSource(Source):
    """The frames of ``DemoClip``."""

    live = False

    def __init__(self, text: str) -> None:
        self._name = text
        self._clip = DemoClip()
        self._given = 0
        self.rate = RATE

    @classmethod
    def recognises(cls, text: str) -> bool:
        """The word ``demo``."""
        return text == "demo"

    def grab(self) -> Grab | None:
        """The next frame, or ``None`` after the last."""
        if self._given == FRAMES:
            return None
        self._given += 1
        return Grab(self._clip.frame(self._given - 1), (self._given - 1) / RATE)

    def describe(self) -> str:
        """``demo``."""
        return self._name

    def close(self) -> None:
        """Nothing is held open."""
