"""What is published of one face on one frame."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from edge_emotion.camera.base import AnnotatedFrame, Reason, TrackedFace
from edge_emotion.emotions import Emotion

Change = Literal["appeared", "changed", "ended"]


class Event(BaseModel):
    """One face's result. It carries no picture and nothing that identifies a person."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

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
    """Which face of the source it is. A number is never used again in a run, and says nothing of
    who it is: a face that was out of sight for a second is a new one."""
    change: Change | None = None
    """Where only changes are published: what happened. An ended track has its last results."""
    box: tuple[int, int, int, int]
    """Left, top, width and height, in pixels of the frame; it may reach over the frame's edge."""
    emotion: Emotion | None
    """What is said of the face, steadied over time; null where there is a reason."""
    reason: Reason | None
    """Why there is no emotion."""
    probability: float = Field(ge=0, le=1)
    """Of the emotion, or of the likeliest where there is none."""
    probabilities: dict[Emotion, float]
    """Of all seven, calibrated and smoothed over time; all alike until the face is first judged."""


def event_schema() -> str:
    """The JSON schema of a line of events, as ``docs/event.schema.json`` has it."""
    schema = Event.model_json_schema(by_alias=True, mode="serialization")
    return json.dumps(schema, indent=2) + "\n"


def events(result: AnnotatedFrame) -> list[Event]:
    """One event for each face of a frame."""
    return [_event(result, face, None) for face in result.faces]


class Changes:
    """Events only when a track appears, ends, or changes its emotion or the reason for none.

    The end of a run, or of a source, ends its tracks without an event.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[int, int], TrackedFace] = {}

    def __call__(self, result: AnnotatedFrame) -> list[Event]:
        """What changed with a frame."""
        source = result.frame.source
        gone = [self._last.pop((source, track), None) for track in result.ended]
        found = [_event(result, face, "ended") for face in gone if face is not None]
        for face in result.faces:
            before = self._last.get((source, face.track))
            self._last[source, face.track] = face
            if before is None:
                found.append(_event(result, face, "appeared"))
            elif (before.emotion, before.reason) != (face.emotion, face.reason):
                found.append(_event(result, face, "changed"))
        return found


Choose = Callable[[AnnotatedFrame], list[Event]]

CHOICES: dict[str, Callable[[], Choose]] = {"frame": lambda: events, "change": Changes}
"""What ``--events-on`` takes → what makes the choice for one sink."""


def _event(result: AnnotatedFrame, face: TrackedFace, change: Change | None) -> Event:
    box = face.box
    return Event(
        source=result.source_name,
        frame=result.frame.index,
        time=result.frame.captured_at,
        position=round(result.frame.position, 4),
        track=face.track,
        change=change,
        box=(box.x, box.y, box.width, box.height),
        emotion=face.emotion,
        reason=face.reason,
        probability=round(face.probability, 4),
        probabilities={key: round(value, 4) for key, value in face.probabilities.items()},
    )
