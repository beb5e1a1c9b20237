"""Faces are followed between two looks of the detector, and the detector is asked in time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_emotion.vision import Detector, FaceBox, Picture, get_detector
from edge_emotion.vision.suppress import overlaps
from edge_emotion.vision.tracking import FlowTracker, looks_every

INTERVAL = 7
BLANK = np.full((720, 1280, 3), 90, np.uint8)


@pytest.fixture
def detector(yunet: Path, monkeypatch: pytest.MonkeyPatch) -> Detector:
    monkeypatch.setenv("EDGE_EMOTION_YUNET", str(yunet))
    return get_detector("yunet")


@pytest.fixture
def begun(detector: Detector, group: Picture) -> FlowTracker:
    """A tracker that has seen five faces once."""
    tracker = FlowTracker(INTERVAL)
    assert tracker.follow(group) is None
    tracker.found(detector.detect(group))
    return tracker


def shifted(picture: Picture, x: int, y: int) -> Picture:
    return np.roll(picture, (y, x), (0, 1))


def closeness(some: list[FaceBox], others: list[FaceBox]) -> list[float]:
    """Intersection over union of each face with its best counterpart."""
    rows = [
        np.array([(box.x, box.y, box.width, box.height) for box in boxes], np.float32)
        for boxes in (some, others)
    ]
    return [float(value) for value in overlaps(*rows).max(axis=1)]


def test_a_moving_clip_is_followed_closely(detector: Detector) -> None:
    from edge_emotion.camera.clip import DemoClip

    clip, tracker = DemoClip(), FlowTracker(INTERVAL)
    looks = 0
    for index in range(40):
        frame = clip.frame(index)
        seen = detector.detect(frame)
        boxes = tracker.follow(frame)
        if boxes is None:
            looks += 1
            tracker.found(seen)
        else:
            assert len(boxes) == len(seen) == 2
            assert min(closeness(boxes, seen)) > 0.75
    assert 40 / INTERVAL <= looks <= 12


def test_landmarks_and_scores_stay_with_their_faces(
    begun: FlowTracker, detector: Detector, group: Picture
) -> None:
    seen = detector.detect(group)
    boxes = begun.follow(shifted(group, -8, 6))
    assert boxes is not None
    for before, after in zip(seen, boxes, strict=True):
        assert after.score == before.score
        assert (after.x - before.x, after.y - before.y) == pytest.approx((-8, 6), abs=2)
        assert after.landmarks is not None
        assert before.landmarks is not None
        moved = np.subtract(after.landmarks, before.landmarks)
        np.testing.assert_allclose(moved, np.tile((-8, 6), (5, 1)), atol=2)


def test_the_detector_looks_again_after_the_interval(begun: FlowTracker, group: Picture) -> None:
    answers = [begun.follow(group) for _ in range(INTERVAL)]
    assert all(boxes is not None for boxes in answers[:-1])
    assert answers[-1] is None


def test_the_detector_looks_when_the_scene_is_cut(begun: FlowTracker, group: Picture) -> None:
    random = np.random.default_rng(0)
    other = random.integers(0, 256, group.shape, dtype=np.uint8)
    assert begun.follow(other) is None


def test_the_detector_looks_when_one_face_of_several_is_gone(
    begun: FlowTracker, group: Picture
) -> None:
    hidden = group.copy()
    hidden[:, 930:] = 90
    assert begun.follow(hidden) is None


def test_the_detector_looks_when_a_face_reaches_the_edge(
    detector: Detector, group: Picture
) -> None:
    tracker = FlowTracker(100)
    tracker.follow(group)
    tracker.found(detector.detect(group))
    lefts = []
    for step in range(1, 40):
        boxes = tracker.follow(shifted(group, -10 * step, 0))
        if boxes is None:
            break
        lefts.append(min(box.x for box in boxes))
    assert lefts[0] > 100
    assert 0 <= lefts[-1] < 20


def test_the_detector_looks_twice_before_a_face_is_given_up(
    begun: FlowTracker, detector: Detector, group: Picture
) -> None:
    seen = detector.detect(group)
    for _ in range(INTERVAL - 1):
        begun.follow(group)
    assert begun.follow(group) is None
    begun.found(seen[1:])
    assert begun.follow(group) is None
    begun.found(seen[1:])
    assert begun.follow(group) is not None


def test_without_a_face_every_frame_is_looked_at() -> None:
    tracker = FlowTracker(INTERVAL)
    for _ in range(3):
        assert tracker.follow(BLANK) is None
        tracker.found([])


def test_a_frame_of_another_size_is_looked_at(begun: FlowTracker, group: Picture) -> None:
    assert begun.follow(np.ascontiguousarray(group[:600])) is None


def test_an_interval_of_one_looks_at_every_frame(detector: Detector, group: Picture) -> None:
    tracker = FlowTracker(1)
    for _ in range(3):
        assert tracker.follow(group) is None
        tracker.found(detector.detect(group))


@pytest.mark.parametrize(("rate", "frames"), [(30, 7), (25, 6), (60, 15), (1, 1), (0.5, 1)])
def test_a_new_face_waits_no_longer_than_a_quarter_of_a_second(rate: float, frames: int) -> None:
    assert looks_every(rate) == frames
