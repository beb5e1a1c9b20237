"""A folder of pictures, in the order of their names."""

from __future__ import annotations

from pathlib import Path

from edge_emotion.camera.base import Grab, Source
from edge_emotion.errors import SourceError
from edge_emotion.vision.image import read_image

_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
_RATE = 1.0
"""Pictures have no rate of their own: one a second, so that a clip of them can be watched."""


class FolderSource(Source):
    """Each picture is a frame."""

    live = False

    def __init__(self, text: str) -> None:
        self._folder = Path(text)
        self.rate = _RATE
        try:
            entries = sorted(self._folder.iterdir())
        except OSError as error:
            raise SourceError(
                f"cannot read {text}: {error.strerror}", "check the permissions"
            ) from error
        self._pictures = [path for path in entries if path.suffix.lower() in _SUFFIXES]
        if not self._pictures:
            raise SourceError(
                f"{text} holds no pictures", f"it must hold {', '.join(sorted(_SUFFIXES))} files"
            )
        self._given = 0

    @classmethod
    def recognises(cls, text: str) -> bool:
        """An existing folder."""
        return Path(text).is_dir()

    def grab(self) -> Grab | None:
        """The next picture, or ``None`` after the last.

        Raises:
            SourceError: the picture cannot be decoded.
        """
        if self._given == len(self._pictures):
            return None
        image = read_image(self._pictures[self._given])
        self._given += 1
        return Grab(image, (self._given - 1) / _RATE)

    def describe(self) -> str:
        """The path as given."""
        return str(self._folder)

    def close(self) -> None:
        """Nothing is held open."""
