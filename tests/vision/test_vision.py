"""Detectors, crops and drawing on a real portrait."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from urllib.error import URLError

import cv2
import numpy as np
import pytest

from edge_emotion.camera.clip import DemoClip
from edge_emotion.emotions import Emotion
from edge_emotion.errors import ArtifactError, DetectorError, SourceError, UsageError
from edge_emotion.vision import FaceBox, Picture, get_detector
from edge_emotion.vision.crop import crop_face
from edge_emotion.vision.draw import COLOURS, INK, UNNAMED, Caption, draw_face
from edge_emotion.vision.fetch import fetch
from edge_emotion.vision.image import read_image
from edge_emotion.vision.suppress import kept_apart
from edge_emotion.vision.weights import RemoteFile

FACE = (215, 145)
"""Between the eyes of the portrait, in pixels."""


def holds(box: FaceBox, point: tuple[int, int]) -> bool:
    inside_x = box.x < point[0] < box.x + box.width
    return inside_x and box.y < point[1] < box.y + box.height


@pytest.mark.parametrize("side", [320, 640])
def test_haar_finds_the_face(portrait: Picture, side: int) -> None:
    boxes = get_detector("haar", side).detect(portrait)
    assert len(boxes) == 1
    assert holds(boxes[0], FACE)


@pytest.mark.parametrize(
    ("frame", "side"), [(158, 336), (166, 336), (174, 432), (174, 696), (166, 864)]
)
def test_haar_does_not_take_two_faces_for_a_huge_third(frame: int, side: int) -> None:
    """At these sizes the cascade of OpenCV 4.14 does: of 6 windows, where the two have 12 to 42."""
    boxes = get_detector("haar", side).detect(DemoClip().frame(frame))
    assert len(boxes) == 2
    assert max(box.width for box in boxes) < 250


def test_of_boxes_within_one_another_the_surest_stays() -> None:
    face, around, corner, beside = (
        (100, 100, 60, 60),
        (20, 20, 200, 200),
        (150, 150, 60, 60),  # overlaps the face, but neither centre lies in the other
        (300, 100, 60, 60),
    )
    boxes = np.array([face, around, corner, beside], np.float32)
    assert kept_apart(boxes) == [0, 2, 3]
    assert kept_apart(boxes[[1, 0, 2, 3]]) == [0, 3]
    assert kept_apart(boxes[:0]) == []


def test_yunet_finds_the_face_and_its_eyes(
    portrait: Picture, yunet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_EMOTION_YUNET", str(yunet))
    detector = get_detector("auto")
    (box,) = detector.detect(portrait)
    assert detector.name == "yunet"
    assert holds(box, FACE)
    assert box.score > 0.8
    assert box.landmarks is not None
    right_eye, left_eye, nose = box.landmarks[:3]
    assert right_eye[0] < nose[0] < left_eye[0]
    assert nose[1] > max(right_eye[1], left_eye[1])


def test_changed_weights_are_refused(
    yunet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "yunet.onnx"
    changed.write_bytes(yunet.read_bytes() + b"\0")
    monkeypatch.setenv("EDGE_EMOTION_YUNET", str(changed))
    with pytest.raises(DetectorError, match="not the pinned YuNet"):
        get_detector("yunet")


def test_auto_falls_back_to_haar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_EMOTION_YUNET", str(tmp_path / "absent.onnx"))
    assert get_detector("auto").name == "haar"
    with pytest.raises(DetectorError, match="models pull yunet"):
        get_detector("yunet")


def test_none_takes_the_middle_square() -> None:
    (box,) = get_detector("none").detect(np.zeros((100, 160, 3), np.uint8))
    assert (box.x, box.y, box.width, box.height) == (30, 0, 100, 100)


def test_unknown_detector_is_named() -> None:
    with pytest.raises(UsageError, match="'dlib'"):
        get_detector("dlib")


def test_blank_picture_has_no_face() -> None:
    assert get_detector("haar").detect(np.full((240, 320, 3), 127, np.uint8)) == []


def test_crop_keeps_brightness_and_repeats_the_edge() -> None:
    frame = np.full((60, 60, 3), 40, np.uint8)
    frame[:, 30:] = 200
    inside = crop_face(frame, FaceBox(6, 6, 48, 48, 1.0), margin=0)
    assert inside.shape == (48, 48)
    assert inside.dtype == np.uint8
    assert (inside[:, 0] == 40).all()
    assert (inside[:, -1] == 200).all()
    beyond = crop_face(frame, FaceBox(40, -20, 48, 48, 1.0), margin=0)
    assert (beyond == 200).all()


def test_crop_margin_widens_around_the_centre() -> None:
    frame = np.zeros((200, 200, 3), np.uint8)
    frame[50:150, 50:150] = 255
    tight = crop_face(frame, FaceBox(50, 50, 100, 100, 1.0), margin=0)
    wide = crop_face(frame, FaceBox(50, 50, 100, 100, 1.0), margin=1.0)
    assert (tight == 255).all()
    assert wide.mean() == pytest.approx(255 / 4, rel=0.05)
    assert wide[24, 24] == 255


@pytest.mark.parametrize("plate", [*COLOURS.values(), UNNAMED])
def test_labels_have_contrast(plate: tuple[int, int, int]) -> None:
    """Relative luminance and contrast ratio as WCAG 2.1 defines them."""

    def luminance(colour: tuple[int, int, int]) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in scaled(colour)
        ]
        return 0.0722 * linear[0] + 0.7152 * linear[1] + 0.2126 * linear[2]

    def scaled(colour: tuple[int, int, int]) -> list[float]:
        return [channel / 255 for channel in colour]

    ratio = (luminance(plate) + 0.05) / (luminance(INK) + 0.05)
    assert ratio >= 6


SURE = Caption("#1 surprise", COLOURS[Emotion.SURPRISE], 0.93)
UNSURE = Caption("#12 too blurred", UNNAMED, None)


@pytest.mark.parametrize("caption", [SURE, UNSURE])
@pytest.mark.parametrize("box", [(10, 10, 50, 50), (-30, -30, 80, 80), (290, 220, 60, 60)])
def test_drawing_marks_the_picture_in_its_colour(
    box: tuple[int, int, int, int], caption: Caption
) -> None:
    frame = np.zeros((240, 320, 3), np.uint8)
    draw_face(frame, FaceBox(*box, 1.0), caption)
    near = np.abs(frame.astype(int) - caption.colour).max(axis=2) < 20
    assert near.sum() > 400, "the plate and the brackets"


def test_a_longer_bar_is_a_greater_probability() -> None:
    dark = []
    for probability in (0.2, 0.8):
        frame = np.zeros((240, 320, 3), np.uint8)
        caption = Caption("#1 sad", COLOURS[Emotion.SAD], probability)
        draw_face(frame, FaceBox(100, 100, 80, 80, 1.0), caption)
        dark.append(int((np.abs(frame.astype(int) - INK).max(axis=2) < 10).sum()))
    assert dark[1] > dark[0] + 50


@pytest.mark.parametrize("caption", [SURE, UNSURE])
def test_drawing_a_tiny_picture_does_not_fail(caption: Caption) -> None:
    frame = np.zeros((16, 16, 3), np.uint8)
    draw_face(frame, FaceBox(2, 2, 10, 10, 1.0), caption)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_broken_pictures_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="not a picture"):
        read_image(path)


CONTENT = b"weights" * 1000
REMOTE = RemoteFile(
    "test", "https://example.org/w.onnx", hashlib.sha256(CONTENT).hexdigest(), "MIT"
)


def test_fetch_publishes_only_the_pinned_bytes(tmp_path: Path) -> None:
    target = tmp_path / "models" / "w.onnx"
    assert fetch(REMOTE, target, lambda _: io.BytesIO(CONTENT)) == target
    assert target.read_bytes() == CONTENT
    with pytest.raises(ArtifactError, match="not the pinned file"):
        fetch(REMOTE, tmp_path / "other.onnx", lambda _: io.BytesIO(CONTENT[:-1]))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["models", "w.onnx"]


def test_fetch_without_network_says_where_to_get_the_file(tmp_path: Path) -> None:
    def refuse(_: str) -> io.BytesIO:
        raise URLError("no route to host")

    with pytest.raises(SourceError, match=r"no route to host.*example\.org"):
        fetch(REMOTE, tmp_path / "w.onnx", refuse)
    assert list(tmp_path.iterdir()) == []


def test_opencv_reads_the_portrait_upright(portrait: Picture) -> None:
    assert portrait.shape == (600, 512, 3)
    assert cv2.mean(portrait)[0] > 10
