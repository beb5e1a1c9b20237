"""Faces that cannot be judged keep their tracks and say why, in the real loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_emotion.camera import Frame, Rules
from edge_emotion.camera.decision import STEADY
from edge_emotion.camera.faces import FaceReader
from edge_emotion.camera.stages import Stopwatch
from edge_emotion.inference import FacePipeline
from edge_emotion.vision import Picture
from edge_emotion.vision.quality import LEAST_SIDE
from edge_emotion.vision.tracking import looks_every

RATE = 25.0


@pytest.fixture
def pipeline(yunet: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FacePipeline]:
    monkeypatch.setenv("EDGE_EMOTION_YUNET", str(yunet))
    with FacePipeline(detector="yunet", backend="onnxruntime", threads=1) as opened:
        yield opened


def reader(pipeline: FacePipeline, sources: int = 1, rules: Rules = STEADY) -> FaceReader:
    return FaceReader(pipeline, [looks_every(RATE)] * sources, rules, Stopwatch())


def labels(pipeline: FacePipeline, pictures: Sequence[Picture]) -> list[tuple[object, ...]]:
    """Tracks and labels of a clip of one face, without repetitions."""
    read = reader(pipeline)
    shown = []
    for index, picture in enumerate(pictures):
        (found,) = read.read([Frame(picture, 0, index, 0.0, index / RATE)])
        shown += [(face.track, face.emotion, face.reason) for face in found.faces]
    assert len(shown) == len(pictures), "the face is found in every frame"
    return [label for label, _ in groupby(shown)]


def test_a_face_out_of_focus_keeps_its_track_and_says_so(
    pipeline: FacePipeline, portrait: Picture
) -> None:
    blurred = cv2.GaussianBlur(portrait, (0, 0), 8)
    sharp, soft, again = labels(pipeline, [portrait] * 10 + [blurred] * 20 + [portrait] * 20)
    assert soft == (1, None, "too blurred")
    assert sharp == again
    assert sharp[1] is not None


def test_one_blurred_frame_does_not_take_the_label_away(
    pipeline: FacePipeline, portrait: Picture
) -> None:
    blurred = cv2.GaussianBlur(portrait, (0, 0), 8)
    assert len(labels(pipeline, [portrait] * 10 + [blurred] + [portrait] * 10)) == 1


def test_a_tilted_head_is_too_turned(pipeline: FacePipeline, portrait: Picture) -> None:
    rows, columns = portrait.shape[:2]
    turn = cv2.getRotationMatrix2D((277, 220), 44, 1)
    mirrored = np.ascontiguousarray(portrait[:, ::-1])
    turned = cv2.warpAffine(mirrored, turn, (columns, rows), borderMode=cv2.BORDER_REPLICATE)
    assert labels(pipeline, [turned] * 3) == [(1, None, "too turned")]


def test_a_distant_face_is_too_small(pipeline: FacePipeline, portrait: Picture) -> None:
    far = cv2.resize(portrait, None, fx=0.075, fy=0.075, interpolation=cv2.INTER_AREA)
    picture = cv2.copyMakeBorder(far, 20, 20, 40, 40, cv2.BORDER_REPLICATE)
    assert labels(pipeline, [picture] * 3) == [(1, None, "too small")]
    (box,) = pipeline.detect(picture)
    assert 10 < box.width < LEAST_SIDE


def test_sources_share_a_batch_and_count_their_own_tracks(
    pipeline: FacePipeline, portrait: Picture, group: Picture
) -> None:
    read = reader(pipeline, sources=2)
    for index in range(3):
        frames = [
            Frame(portrait, 0, index, 0.0, index / RATE),
            Frame(group, 1, index, 0.0, index / RATE),
        ]
        alone, several = read.read(frames)
        assert [face.track for face in alone.faces] == [1]
        assert [face.track for face in several.faces] == [1, 2, 3, 4, 5]


def test_a_frame_of_another_size_begins_anew(pipeline: FacePipeline, portrait: Picture) -> None:
    read = reader(pipeline)
    smaller = cv2.resize(portrait, None, fx=0.5, fy=0.5)
    first, second = (
        read.read([Frame(picture, 0, index, 0.0, index / RATE)])[0]
        for index, picture in enumerate([portrait, smaller])
    )
    assert ([face.track for face in first.faces], first.ended) == ([1], ())
    assert ([face.track for face in second.faces], second.ended) == ([2], (1,))


def test_without_smoothing_the_loop_says_what_the_pipeline_says_of_a_picture(
    pipeline: FacePipeline, portrait: Picture
) -> None:
    (still,) = pipeline(portrait)
    (found,) = reader(pipeline, rules=Rules.steadied(0, 0)).read([Frame(portrait, 0, 0, 0.0, 0.0)])
    (face,) = found.faces
    assert (face.box, face.emotion) == (still.box, still.emotion)
    values = [np.array(list(each.probabilities.values())) for each in (face, still)]
    np.testing.assert_allclose(*values, atol=1e-6)
