"""YuNet on the project's runtimes finds what it finds inside OpenCV."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_emotion.backends import LoadOptions, get_backend
from edge_emotion.vision import FaceBox, Picture, get_detector
from edge_emotion.vision.opencv import cv2
from edge_emotion.vision.suppress import kept
from edge_emotion.vision.yunet import MOST_OVERLAP, RUNTIMES, THRESHOLD, YuNetDetector
from edge_emotion.vision.yunet_opencv import OpenCVYuNet

Open = Callable[[int], YuNetDetector]


@pytest.fixture(params=RUNTIMES)
def open_yunet(request: pytest.FixtureRequest, yunet: Path) -> Open:
    reason = get_backend(request.param).unavailable_reason()
    if reason:
        pytest.skip(reason)
    content = yunet.read_bytes()
    return lambda side: YuNetDetector(content, side, LoadOptions(threads=1), request.param)


def assert_same(ours: list[FaceBox], theirs: list[FaceBox]) -> None:
    assert len(ours) == len(theirs) > 0
    for mine, other in zip(ours, theirs, strict=True):
        boxes = [(box.x, box.y, box.width, box.height) for box in (mine, other)]
        np.testing.assert_allclose(*boxes, atol=2)
        assert mine.landmarks is not None
        assert other.landmarks is not None
        np.testing.assert_allclose(mine.landmarks, other.landmarks, atol=2)
        assert mine.score == pytest.approx(other.score, abs=0.01)


@pytest.mark.parametrize("side", [320, 640])
@pytest.mark.parametrize("name", ["portrait", "group", "smiling"])
def test_finds_what_opencv_finds(
    open_yunet: Open, yunet: Path, side: int, name: str, request: pytest.FixtureRequest
) -> None:
    picture = request.getfixturevalue(name)
    reference = OpenCVYuNet(yunet.read_bytes(), side, THRESHOLD, MOST_OVERLAP)
    ours = open_yunet(side).detect(picture)
    assert len(ours) == (5 if name == "group" else 1)
    by_place = [sorted(each, key=lambda box: box.x) for each in (ours, reference.detect(picture))]
    assert_same(*by_place)
    assert [box.score for box in ours] == sorted((box.score for box in ours), reverse=True)


def test_a_picture_leaves_nothing_behind_in_the_padding(open_yunet: Open, group: Picture) -> None:
    detector = open_yunet(320)
    flat = np.ascontiguousarray(group[:600])  # both are padded to the same input
    detector.detect(np.full_like(group, 255))
    assert detector.detect(flat) == open_yunet(320).detect(flat)


def test_pictures_of_many_shapes_take_turns(open_yunet: Open, portrait: Picture) -> None:
    detector = open_yunet(320)
    first = detector.detect(portrait)
    for height in (64, 128, 192, 256, 288):
        detector.detect(np.ascontiguousarray(portrait[:height]))
    assert detector.detect(portrait) == first


def test_a_blank_picture_has_no_face(open_yunet: Open) -> None:
    assert open_yunet(320).detect(np.full((240, 320, 3), 127, np.uint8)) == []


def test_a_picture_smaller_than_a_cell_is_no_error(open_yunet: Open) -> None:
    assert open_yunet(320).detect(np.zeros((3, 2, 3), np.uint8)) == []


def test_without_a_runtime_opencv_runs_it(
    yunet: Path, group: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_EMOTION_YUNET", str(yunet))
    ours = get_detector("yunet").detect(group)
    for runtime in RUNTIMES:
        monkeypatch.setitem(sys.modules, runtime, None)
    fallback = get_detector("yunet")
    assert isinstance(fallback, OpenCVYuNet)
    assert fallback.name == "yunet"
    assert len(fallback.detect(group)) == len(ours) == 5


def test_suppression_keeps_what_opencv_keeps() -> None:
    random = np.random.default_rng(0)
    for count in (0, 1, 2, 60):
        boxes = random.integers(1, 60, (count, 4)).astype(np.float32)
        scores = np.sort(random.random(count).astype(np.float32))[::-1]
        theirs = cv2.dnn.NMSBoxes(boxes.astype(int).tolist(), scores.tolist(), 0.0, MOST_OVERLAP)
        assert kept(boxes, MOST_OVERLAP) == sorted(np.asarray(theirs, int).tolist())
