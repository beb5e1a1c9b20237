"""No face and no password leaves the process unless it was asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_emotion.camera.clip import DemoClip
from edge_emotion.vision import FaceBox, Picture, get_detector
from edge_emotion.vision.conceal import CELLS, Concealer, hide_face
from tests.conftest import RunCli


def overlap(one: FaceBox, two: FaceBox) -> bool:
    return (
        abs(one.x + one.width / 2 - two.x - two.width / 2) < (one.width + two.width) / 2
        and abs(one.y + one.height / 2 - two.y - two.height / 2) < (one.height + two.height) / 2
    )


@pytest.fixture(scope="module")
def picture() -> Picture:
    return DemoClip().frame(0)


def test_of_a_hidden_face_a_few_averages_are_left(picture: Picture) -> None:
    detector = get_detector("haar")
    boxes = detector.detect(picture)
    assert len(boxes) == 2
    hidden = picture.copy()
    for box in boxes:
        hide_face(hidden, box)
        face = hidden[box.y : box.y + box.height, box.x : box.x + box.width]
        assert len(np.unique(face.reshape(-1, 3), axis=0)) <= CELLS**2
    assert not [
        found for found in detector.detect(hidden) for box in boxes if overlap(found, box)
    ], "no detector finds what nobody could recognise"
    changed = (hidden != picture).any(axis=2).mean()
    assert 0.02 < changed < 0.5, "the rest of the picture is as it was"


@pytest.mark.parametrize(
    "box",
    [
        FaceBox(-50, -50, 80, 80, 1.0),
        FaceBox(300, 220, 80, 80, 1.0),
        FaceBox(5000, 5000, 10, 10, 1.0),
        FaceBox(-500, -500, 10, 10, 1.0),
        FaceBox(10, 10, 1, 1, 1.0),
        FaceBox(-100, -100, 1000, 1000, 1.0),
    ],
)
def test_faces_at_the_edge_are_hidden_too(box: FaceBox) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    hidden = noise.copy()
    hide_face(hidden, box)
    top, left = max(box.y, 0), max(box.x, 0)
    region = hidden[top : max(box.y + box.height, 0), left : max(box.x + box.width, 0)]
    assert len(np.unique(region.reshape(-1, 3), axis=0)) <= CELLS**2
    assert hidden.shape == noise.shape


def test_a_blink_of_the_detector_shows_nothing(picture: Picture) -> None:
    concealer = Concealer()
    box = FaceBox(500, 200, 200, 200, 1.0)

    def shows(found: list[FaceBox], position: float) -> bool:
        concealer.saw(found, position)
        shown = concealer.hidden(picture)
        return np.array_equal(shown[200:400, 500:700], picture[200:400, 500:700])

    assert not shows([box], 1.0)
    assert not shows([], 1.4)
    assert shows([], 1.6)
    assert not shows([box], 2.0)
    assert shows([], 0.0), "the source began again"


def test_the_video_of_a_run_shows_no_face(
    run_cli: RunCli, model: Path, clip: Path, tmp_path: Path
) -> None:
    arguments = ("camera", "--source", clip, "--model", model, "--detector", "haar", "--headless")
    video = tmp_path / "hidden.mp4"
    done = run_cli(*arguments, "--blur-faces", "--output", video, "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["stages"]["detect"]["turns"] == summary["frames"], "no newcomer slips through"
    detector = get_detector("haar")
    original, hidden = cv2.VideoCapture(str(clip)), cv2.VideoCapture(str(video))
    faces = seen = 0
    while original.grab() and hidden.grab():
        boxes = detector.detect(original.retrieve()[1])
        faces += len(boxes)
        shown = detector.detect(hidden.retrieve()[1])
        seen += sum(any(overlap(one, box) for one in shown) for box in boxes)
    assert faces > 40
    assert seen == 0


def test_nothing_is_written_that_was_not_asked_for(model: Path, clip: Path, tmp_path: Path) -> None:
    copy = shutil.copy(clip, tmp_path / "clip.mp4")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "edge_emotion", "camera", "--source", "clip.mp4"),
            *("--model", model, "--detector", "none", "--headless", "--json"),
        ],
        cwd=tmp_path,
        env={"PATH": "/usr/bin", "PYTHONPATH": str(Path.cwd()), "EDGE_EMOTION_CACHE": "cache"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    written = {path.name for path in tmp_path.iterdir()}
    assert written - {"cache"} == {Path(copy).name}
