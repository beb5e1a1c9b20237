"""Faces that cross and are hidden keep their tracks and their labels, with the real models."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from edge_emotion.camera import AnnotatedFrame, CameraLoop, Sink
from edge_emotion.camera.event import Changes
from edge_emotion.inference import FacePipeline
from edge_emotion.vision import Picture
from tests.camera.crowd import BAR_SPEED, BAR_WIDTH, FACE_WIDTH, FACES, FRAMES, RATE, Crowd


class Collected(Sink):
    """Keeps every frame's faces, and what changed."""

    shows_pictures = False

    def __init__(self) -> None:
        self.results: list[AnnotatedFrame] = []
        self.changes = Changes()
        self.events = []

    def consume(self, result: AnnotatedFrame) -> None:
        self.results.append(result)
        self.events += self.changes(result)

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def crowd(portrait: Picture) -> Crowd:
    return Crowd(portrait)


@pytest.fixture(scope="module")
def run(crowd: Crowd, yunet: Path) -> Collected:
    """The whole clip through the loop: YuNet and the shipped classifier."""
    sink = Collected()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGE_EMOTION_YUNET", str(yunet))
        with FacePipeline(detector="yunet", backend="onnxruntime", threads=1) as pipeline:
            CameraLoop([crowd], pipeline, [sink]).run()
    return sink


def test_every_face_keeps_one_track(crowd: Crowd, run: Collected) -> None:
    tracks = defaultdict(set)
    seen = defaultdict(list)
    for index, result in enumerate(run.results):
        for face in result.faces:
            box = face.box
            head = crowd.head_at(index, box.x + box.width / 2, box.y + box.height / 2)
            if head is not None:
                tracks[head].add(face.track)
                seen[head].append(index)
    assert sorted(tracks) == list(range(FACES))
    assert all(len(of_head) == 1 for of_head in tracks.values()), dict(tracks)
    assert set.union(*tracks.values()) == set(range(1, FACES + 1))
    assert not any(result.ended for result in run.results)
    hidden = (BAR_WIDTH - FACE_WIDTH) / BAR_SPEED
    assert hidden > 0.5, "the bar hides a whole face for half a second"
    for head in (0, 1):
        longest = max(later - earlier for earlier, later in pairwise(seen[head]))
        assert hidden * RATE < longest < RATE
    for head in (2, 3):
        assert seen[head][-1] == FRAMES - 1, "both walkers are still known after two crossings"


def test_no_label_flickers(run: Collected) -> None:
    labels = defaultdict(list)
    for result in run.results:
        for face in result.faces:
            labels[face.track].append((face.emotion, face.reason))
    changes = {t: sum(a != b for a, b in pairwise(shown)) for t, shown in labels.items()}
    assert changes == dict.fromkeys(range(1, FACES + 1), 0)
    assert [event.change for event in run.events] == ["appeared"] * FACES


def test_probabilities_and_boxes_are_whole(run: Collected) -> None:
    for result in run.results:
        for face in result.faces:
            assert sum(face.probabilities.values()) == pytest.approx(1)
            assert (face.emotion is None) != (face.reason is None)
            assert face.box.x + face.box.width > 0
            assert face.box.x < result.frame.image.shape[1]
