"""Faces are followed between two looks of the detector, and the detector is asked in time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_emotion.vision import Detector, FaceBox, Picture, get_detector
from edge_emotion.vision.suppress import overlaps
from edge_emotion.vision.tracking import FaceTracker, Sighting, looks_every
from edge_emotion.vision.tracks import COAST_SECONDS

INTERVAL = 7
RATE = 25.0
BLANK = np.full((720, 1280, 3), 90, np.uint8)


class Watched:
    """A tracker that is shown frames at a rate."""

    def __init__(self, interval: int) -> None:
        self.tracker = FaceTracker(interval)
        self.now = 0.0

    def follow(self, frame: Picture, passed: float = 1 / RATE) -> Sighting | None:
        self.now += passed
        return self.tracker.follow(frame, self.now)

    def look(self, frame: Picture, boxes: list[FaceBox], passed: float = 1 / RATE) -> Sighting:
        """A frame that the detector must look at."""
        assert self.follow(frame, passed) is None
        return self.tracker.found(frame, boxes)


@pytest.fixture
def detector(yunet: Path, monkeypatch: pytest.MonkeyPatch) -> Detector:
    monkeypatch.setenv("EDGE_EMOTION_YUNET", str(yunet))
    return get_detector("yunet")


@pytest.fixture
def seen(detector: Detector, group: Picture) -> list[FaceBox]:
    """Five faces."""
    return detector.detect(group)


@pytest.fixture
def begun(seen: list[FaceBox], group: Picture) -> Watched:
    """A tracker that has seen five faces once."""
    watched = Watched(INTERVAL)
    assert list(watched.look(group, seen).faces) == [1, 2, 3, 4, 5]
    return watched


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

    clip, watched = DemoClip(), Watched(INTERVAL)
    looks = 0
    for index in range(40):
        frame = clip.frame(index)
        boxes = detector.detect(frame)
        sighting = watched.follow(frame)
        if sighting is None:
            looks += 1
            watched.tracker.found(frame, boxes)
        else:
            assert list(sighting.faces) == [1, 2]
            assert min(closeness(list(sighting.faces.values()), boxes)) > 0.75
    assert 40 / INTERVAL <= looks <= 12


def test_landmarks_and_scores_stay_with_their_faces(
    begun: Watched, seen: list[FaceBox], group: Picture
) -> None:
    sighting = begun.follow(shifted(group, -8, 6))
    assert sighting is not None
    assert list(sighting.faces) == [1, 2, 3, 4, 5]
    for before, after in zip(seen, sighting.faces.values(), strict=True):
        assert after.score == before.score
        assert (after.x - before.x, after.y - before.y) == pytest.approx((-8, 6), abs=2)
        assert after.landmarks is not None
        assert before.landmarks is not None
        moved = np.subtract(after.landmarks, before.landmarks)
        np.testing.assert_allclose(moved, np.tile((-8, 6), (5, 1)), atol=2)


def test_the_detector_looks_again_after_the_interval(begun: Watched, group: Picture) -> None:
    answers = [begun.follow(group) for _ in range(INTERVAL)]
    assert all(answer is not None for answer in answers[:-1])
    assert answers[-1] is None


def test_the_detector_looks_when_the_scene_is_cut(begun: Watched, group: Picture) -> None:
    random = np.random.default_rng(0)
    other = random.integers(0, 256, group.shape, dtype=np.uint8)
    assert begun.follow(other) is None


def test_the_detector_looks_when_one_face_of_several_is_gone(
    begun: Watched, group: Picture
) -> None:
    hidden = group.copy()
    hidden[:, 930:] = 90
    assert begun.follow(hidden) is None


def test_the_detector_looks_when_a_face_reaches_the_edge(
    seen: list[FaceBox], group: Picture
) -> None:
    watched = Watched(100)
    watched.look(group, seen)
    lefts = []
    for step in range(1, 40):
        sighting = watched.follow(shifted(group, -10 * step, 0))
        if sighting is None:
            break
        lefts.append(min(box.x for box in sighting.faces.values()))
    assert lefts[0] > 100
    assert 0 <= lefts[-1] < 20


def test_the_detector_looks_twice_before_a_face_is_given_up(
    begun: Watched, seen: list[FaceBox], group: Picture
) -> None:
    for _ in range(INTERVAL - 1):
        begun.follow(group)
    assert list(begun.look(group, seen[1:]).faces) == [2, 3, 4, 5]
    begun.look(group, seen[1:])
    sighting = begun.follow(group)
    assert sighting is not None
    assert list(sighting.faces) == [2, 3, 4, 5]


def test_a_face_that_comes_back_within_a_second_keeps_its_track(
    begun: Watched, seen: list[FaceBox], group: Picture
) -> None:
    for _ in range(INTERVAL - 1):
        begun.follow(group)
    begun.look(group, seen[1:])
    assert list(begun.look(group, seen).faces) == [1, 2, 3, 4, 5]


def test_a_face_that_stays_away_for_a_second_ends_its_track_and_is_a_new_one_then(
    seen: list[FaceBox], group: Picture
) -> None:
    watched, ended = Watched(1), []
    watched.look(group, seen)
    last = watched.now
    while not ended:
        ended = list(watched.look(group, seen[1:]).ended)
    assert ended == [1]
    assert watched.now - last == pytest.approx(COAST_SECONDS, abs=1.5 / RATE)
    assert list(watched.look(group, seen).faces) == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("passed", [COAST_SECONDS, 60.0, -1.0], ids=["gap", "long gap", "back"])
def test_an_interruption_ends_every_track(
    begun: Watched, seen: list[FaceBox], group: Picture, passed: float
) -> None:
    sighting = begun.look(group, seen, passed)
    assert sighting.ended == (1, 2, 3, 4, 5)
    assert list(sighting.faces) == [6, 7, 8, 9, 10]
    following = begun.follow(group)
    assert following is not None
    assert following.ended == ()


def test_another_size_ends_every_track(begun: Watched, seen: list[FaceBox], group: Picture) -> None:
    smaller = np.ascontiguousarray(group[:600])
    inside = [box for box in seen if box.y + box.height <= 600]
    sighting = begun.look(smaller, inside)
    assert sighting.ended == (1, 2, 3, 4, 5)
    assert min(sighting.faces) == 6


def test_another_person_in_the_place_of_one_who_left_is_a_new_face(
    detector: Detector, portrait: Picture
) -> None:
    watched = Watched(1)
    here = detector.detect(portrait)
    watched.look(portrait, here)
    watched.look(BLANK[:600, :512], [])
    negative = 255 - portrait
    sighting = watched.look(negative, here)
    assert list(sighting.faces) == [2]


def test_without_a_face_every_frame_is_looked_at() -> None:
    watched = Watched(INTERVAL)
    for _ in range(3):
        assert watched.look(BLANK, []).faces == {}


def test_an_interval_of_one_looks_at_every_frame(seen: list[FaceBox], group: Picture) -> None:
    watched = Watched(1)
    for _ in range(3):
        assert list(watched.look(group, seen).faces) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("rate", "frames"), [(30, 7), (25, 6), (60, 15), (1, 1), (0.5, 1)])
def test_a_new_face_waits_no_longer_than_a_quarter_of_a_second(rate: float, frames: int) -> None:
    assert looks_every(rate) == frames
