"""What is published of a frame: every face, or what changed; and its schema."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from edge_emotion.camera import AnnotatedFrame, Event, Frame, TrackedFace
from edge_emotion.camera.event import Changes, event_schema, events
from edge_emotion.emotions import Emotion
from edge_emotion.vision import FaceBox

SCHEMA = Path(__file__).parents[2] / "docs" / "event.schema.json"
BLANK = np.zeros((4, 4, 3), np.uint8)


def face(track: int, emotion: Emotion | None, x: int = 0) -> TrackedFace:
    values = dict.fromkeys(Emotion, 0.1) | {Emotion.SAD: 0.4}
    reason = None if emotion else "uncertain"
    return TrackedFace(track, FaceBox(x, 0, 9, 9, 1.0), emotion, 0.4, values, reason)


def result(
    index: int, faces: list[TrackedFace], ended: tuple[int, ...] = (), source: int = 0
) -> AnnotatedFrame:
    frame = Frame(BLANK, source, index, 1000.0 + index, index / 25)
    return AnnotatedFrame(frame, f"camera {source}", 25.0, tuple(faces), BLANK, ended)


def told(found: list[Event]) -> list[tuple[int, str | None, Emotion | None]]:
    return [(event.track, event.change, event.emotion) for event in found]


def test_every_face_of_a_frame_is_an_event() -> None:
    found = events(result(3, [face(1, Emotion.SAD), face(2, None)]))
    assert told(found) == [(1, None, Emotion.SAD), (2, None, None)]
    assert found[1].reason == "uncertain"
    document = json.loads(found[0].model_dump_json(by_alias=True))
    assert document["schema"] == "edge-emotion/event/2"
    assert Event.model_validate(document) == found[0]


def test_changes_are_appearing_another_label_and_the_end() -> None:
    changes = Changes()
    assert told(changes(result(0, [face(1, None)]))) == [(1, "appeared", None)]
    assert changes(result(1, [face(1, None, x=5)])) == []
    second = changes(result(2, [face(1, Emotion.SAD), face(2, Emotion.FEAR)]))
    assert told(second) == [(1, "changed", Emotion.SAD), (2, "appeared", Emotion.FEAR)]
    assert changes(result(3, [face(2, Emotion.FEAR)])) == [], "out of sight for a moment"
    (gone,) = changes(result(30, [], ended=(1,)))
    assert (gone.track, gone.change, gone.emotion, gone.frame) == (1, "ended", Emotion.SAD, 30)
    assert changes(result(31, [face(2, Emotion.FEAR)])) == []


def test_sources_do_not_mix_their_tracks() -> None:
    changes = Changes()
    assert told(changes(result(0, [face(1, None)]))) == [(1, "appeared", None)]
    assert told(changes(result(0, [face(1, None)], source=1))) == [(1, "appeared", None)]
    assert told(changes(result(1, [], ended=(1,), source=1))) == [(1, "ended", None)]
    assert changes(result(1, [face(1, None)])) == []


def test_a_track_that_ended_unseen_is_no_event() -> None:
    assert Changes()(result(0, [], ended=(7,))) == []


WRITE = "from edge_emotion.camera.event import event_schema; print(event_schema(), end='')"


def test_the_published_schema_is_the_one_of_the_code() -> None:
    published = SCHEMA.read_text(encoding="utf-8")
    assert published == event_schema(), f'python -c "{WRITE}" > docs/event.schema.json'


def test_the_schema_describes_every_key_that_is_written() -> None:
    properties = json.loads(event_schema())["properties"]
    (event,) = events(result(0, [face(1, None)]))
    assert set(json.loads(event.model_dump_json(by_alias=True))) == set(properties)
    assert all(
        "description" in described for key, described in properties.items() if key != "schema"
    )
