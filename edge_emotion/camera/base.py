"""The seams of the camera loop: where frames come from, where results go."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from edge_emotion.camera.redact import without_credentials

if TYPE_CHECKING:  # the process that reads a camera imports this module and must start fast
    from edge_emotion.camera.status import Status
    from edge_emotion.emotions import Emotion
    from edge_emotion.vision import FaceBox, Picture


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
        monotonic: when it was grabbed, by the monotonic clock, in seconds: ages and latencies are
            differences from it, and stay right when the time of day is set.
    """

    image: Picture
    source: int
    index: int
    captured_at: float
    position: float
    monotonic: float = field(default_factory=time.monotonic)


Reason = Literal["too small", "too blurred", "too turned", "uncertain"]
"""Why a face has no emotion: a ``vision.quality.Defect``, or no emotion probable enough."""


@dataclass(frozen=True)
class TrackedFace:
    """One face of a frame, known from the frames before.

    Args:
        track: which face of its source it is, counted from 1; no number is used again in a run.
        box: where it is.
        emotion: what is said of it, steadied over time; ``None`` if it is uncertain or the face
            cannot be judged.
        probability: of ``emotion``, or of the likeliest where there is none.
        probabilities: of all seven, calibrated and smoothed; they sum to 1, and are all alike as
            long as the face could not be judged at all.
        reason: why there is no emotion.
    """

    track: int
    box: FaceBox
    emotion: Emotion | None
    probability: float
    probabilities: dict[Emotion, float]
    reason: Reason | None


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
        ended: tracks of the source that ended since its frame before.
    """

    frame: Frame
    source_name: str
    rate: float
    faces: tuple[TrackedFace, ...]
    picture: Picture
    ended: tuple[int, ...] = ()


@dataclass(frozen=True)
class Grab:
    """What a source hands over.

    Args:
        image: BGR, uint8, (height, width, 3).
        position: seconds since the source's beginning.
        skipped: frames of the source that were lost between the grab before and this one.
        captured_at: when it was grabbed, in seconds since 1970-01-01 UTC.
        monotonic: the same by the monotonic clock.
    """

    image: Picture
    position: float
    skipped: int = 0
    captured_at: float = field(default_factory=time.time)
    monotonic: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Connection:
    """How a source is connected.

    Args:
        state: ``connecting`` until the first frame, ``reconnecting`` after a loss.
        reconnects: how often it came back.
        error: why it was lost the last time, with no password in it.
    """

    state: Literal["connecting", "running", "reconnecting"] = "running"
    reconnects: int = 0
    error: str | None = None


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

    @classmethod
    def shown(cls, text: str) -> str:
        """``text`` as logs, events and pages show it: no password in it."""
        return without_credentials(text)

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

    def connection(self) -> Connection:
        """How it is connected; any thread may ask."""
        return Connection()

    def interrupt(self) -> None:  # noqa: B027 - a file never waits
        """Make a ``grab`` that waits give up and return ``None``; any thread may ask."""


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

    def report(self, status: Status) -> None:  # noqa: B027 - most sinks have nothing to do
        """Take the run's figures: about once a second, and once at the end.

        Raises:
            OutputError: they cannot be written.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish what was written; closing twice is harmless."""
