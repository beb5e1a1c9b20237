"""The seams of the camera loop: where frames come from, where results go."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_emotion.emotions import Emotion
from edge_emotion.vision import FaceBox, Picture

if TYPE_CHECKING:
    from edge_emotion.camera.status import Status


@dataclass(frozen=True)
class Frame:
    """One picture of a source.

    Args:
        image: BGR, uint8, (height, width, 3).
        source: which source of the run it is from, counted from 0.
        index: number of the frame in its source, counted from 0; frames of a live source that
            nobody took in time are counted too.
        captured_at: when it was grabbed, in seconds since 1970-01-01 UTC.
        position: seconds since the source's beginning: media time of a file, elapsed time of a
            camera.
    """

    image: Picture
    source: int
    index: int
    captured_at: float
    position: float


@dataclass(frozen=True)
class TrackedFace:
    """One face of a frame, and what was decided about it.

    Args:
        track: number of the face's track in its source, from 1, never used again in a run.
        box: where the face is.
        emotion: what was decided; ``None`` if uncertain or not judged.
        probability: smoothed, of ``emotion`` or of the likeliest.
        probabilities: smoothed and calibrated, of all seven.
        reason: why there is no emotion: "too small", "too blurred", "too turned", "uncertain".
    """

    track: int
    box: FaceBox
    emotion: Emotion | None
    probability: float
    probabilities: dict[Emotion, float]
    reason: str | None


@dataclass(frozen=True)
class AnnotatedFrame:
    """A frame with what was read from it.

    Args:
        frame: the untouched frame.
        source_name: what its source calls itself, with no password in it.
        rate: the source's nominal frames per second.
        faces: the faces found.
        picture: the frame with its faces drawn, if a sink of the run shows pictures; else the
            frame's own image.
    """

    frame: Frame
    source_name: str
    rate: float
    faces: tuple[TrackedFace, ...]
    picture: Picture


@dataclass(frozen=True)
class Grab:
    """What a source hands over: a picture and its position in seconds."""

    image: Picture
    position: float


class Source(ABC):
    """Gives pictures until it ends.

    Args:
        text: what the user wrote.

    Raises:
        SourceError: nothing can be read from it.
    """

    rate: float
    """Nominal frames per second."""
    live: bool
    """Whether time goes on without us: of frames that are not taken in time, only the newest is
    worth anything."""

    @abstractmethod
    def __init__(self, text: str) -> None: ...

    @classmethod
    @abstractmethod
    def recognises(cls, text: str) -> bool:
        """Whether ``text``, as the user wrote it, names a source of this kind."""

    @abstractmethod
    def grab(self) -> Grab | None:
        """The next picture, or ``None`` at the end of a file.

        Raises:
            SourceError: a camera or stream stopped, or a file is damaged.
        """

    @abstractmethod
    def describe(self) -> str:
        """Its name for logs, events and pages: no password in it."""

    @abstractmethod
    def close(self) -> None:
        """Release the device or file; closing twice is harmless."""


class Sink(ABC):
    """Takes results. Opening one means constructing it, which proves that it can be written."""

    shows_pictures: bool
    """Whether it needs ``AnnotatedFrame.picture`` drawn."""

    @abstractmethod
    def consume(self, result: AnnotatedFrame) -> None:
        """Take one frame's results.

        Raises:
            OutputError: they cannot be written.
        """

    def report(self, status: Status) -> None:  # noqa: B027 - most sinks have no use for it
        """Take the loop's figures: about once a second, and once at the end."""

    @abstractmethod
    def close(self) -> None:
        """Finish what was written; closing twice is harmless."""
