"""A file that begins again at its end: ``--loop``."""

from __future__ import annotations

from dataclasses import replace

from edge_emotion.camera.base import Grab, Source


class LoopedSource(Source):
    """Opens a file or folder again whenever it has ended; positions go on counting.

    Args:
        kind: what reads it.
        text: what the user wrote.

    Raises:
        SourceError: nothing can be read from it.
    """

    live = False

    def __init__(self, kind: type[Source], text: str) -> None:
        self._kind = kind
        self._text = text
        self._source = kind(text)
        self.rate = self._source.rate
        self._began = 0.0
        self._next = 0.0

    @classmethod
    def recognises(cls, text: str) -> bool:  # noqa: ARG003 - the seam's signature
        """Nothing: it stands in for the source that recognised the text."""
        return False

    def grab(self) -> Grab | None:
        """The next frame; ``None`` only where the file has none at all.

        Raises:
            SourceError: the file is damaged, or gone when it is opened again.
        """
        grab = self._source.grab()
        if grab is None:
            self._source.close()
            self._source = self._kind(self._text)
            self._began = self._next
            grab = self._source.grab()
        if grab is None:
            return None
        position = self._began + grab.position
        self._next = position + 1 / self.rate
        return replace(grab, position=position)

    def describe(self) -> str:
        """As the file calls itself."""
        return self._source.describe()

    def close(self) -> None:
        """Close the file."""
        self._source.close()
