"""What is published of one face on one frame."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from edge_emotion.camera.base import AnnotatedFrame, TrackedFace
from edge_emotion.emotions import Emotion


class Event(BaseModel):
    """One face's result. It carries no picture and nothing that identifies a person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_id: Literal["edge-emotion/event/2"] = Field(
        default="edge-emotion/event/2", alias="schema"
    )
    source: str
    """What the source calls itself, with no password in it."""
    frame: int = Field(ge=0)
    """Number of the frame in its source."""
    time: float
    """When the frame was grabbed, in seconds since 1970-01-01 UTC."""
    position: float = Field(ge=0)
    """Seconds since the source's beginning."""
    track: int = Field(ge=1)
    """Number of the face's track in its source."""
    box: tuple[int, int, int, int]
    """Left, top, width and height, in pixels of the frame."""
    emotion: Emotion | None
    """``None``: uncertain or not judged, for the ``reason`` given."""
    probability: float = Field(ge=0, le=1)
    probabilities: dict[Emotion, float]
    reason: str | None = None


def events(result: AnnotatedFrame) -> list[Event]:
    """One event per face of a frame."""
    return [_event(result, face) for face in result.faces]


def _event(result: AnnotatedFrame, face: TrackedFace) -> Event:
    box = face.box
    return Event(
        source=result.source_name,
        frame=result.frame.index,
        time=result.frame.captured_at,
        position=round(result.frame.position, 4),
        track=face.track,
        box=(box.x, box.y, box.width, box.height),
        emotion=face.emotion,
        probability=round(face.probability, 4),
        probabilities={key: round(value, 4) for key, value in face.probabilities.items()},
        reason=face.reason,
    )
