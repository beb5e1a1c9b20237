"""Faces that cannot be judged, and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_emotion.vision import FaceBox, Picture, get_detector, quality
from edge_emotion.vision.crop import crop_face
from edge_emotion.vision.quality import (
    LEAST_SHARPNESS,
    LEAST_SIDE,
    MOST_ROLL,
    MOST_YAW,
    defect_of_box,
    defect_of_crop,
    turn_of,
)


def turned(yaw: float, roll: float) -> tuple[tuple[float, float], ...]:
    """Landmarks of a head seen from afar: eyes 60 apart, the nose 30 ahead of and 35 below them."""
    points = np.array([[-30, 0, 0], [30, 0, 0], [0, 35, 30], [-25, 70, 0], [25, 70, 0]], float)
    across, along = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    flat = np.stack([points[:, 0] * across + points[:, 2] * along, points[:, 1]], axis=1)
    c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    return tuple(map(tuple, (flat @ np.array([[c, s], [-s, c]]) * 2 + 200).tolist()))


@pytest.mark.parametrize("yaw", [-60, -30, 0, 15, 45, 70])
@pytest.mark.parametrize("roll", [-40, 0, 25])
def test_the_turn_of_a_head_is_known_from_its_landmarks(yaw: float, roll: float) -> None:
    turn = turn_of(turned(yaw, roll))
    assert turn.yaw == pytest.approx(yaw, abs=0.1)
    assert turn.roll == pytest.approx(roll, abs=0.1)


@pytest.mark.parametrize(
    ("yaw", "roll", "defect"),
    [
        (MOST_YAW - 1, 0, None),
        (MOST_YAW + 1, 0, "too turned"),
        (-MOST_YAW - 1, 0, "too turned"),
        (0, MOST_ROLL - 1, None),
        (0, -MOST_ROLL - 1, "too turned"),
    ],
)
def test_a_face_may_be_too_turned(yaw: float, roll: float, defect: str | None) -> None:
    assert defect_of_box(FaceBox(100, 100, 150, 200, 0.9, turned(yaw, roll))) == defect


def test_a_profile_whose_eyes_are_one_point_is_too_turned() -> None:
    points = ((10.0, 10.0),) * 5
    assert defect_of_box(FaceBox(0, 0, 50, 50, 0.9, points)) == "too turned"


def test_the_shorter_side_decides_whether_a_face_is_too_small() -> None:
    assert defect_of_box(FaceBox(0, 0, LEAST_SIDE, 90, 1.0)) is None
    assert defect_of_box(FaceBox(0, 0, 90, LEAST_SIDE - 1, 1.0)) == "too small"


def smear(length: int, down: bool) -> Callable[[np.ndarray], np.ndarray]:
    kernel = np.full((length, 1) if down else (1, length), 1 / length, np.float32)
    return lambda picture: cv2.filter2D(picture, -1, kernel)


@pytest.mark.parametrize(
    ("change", "defect"),
    [
        (lambda picture: picture, None),
        (lambda picture: cv2.GaussianBlur(picture, (0, 0), 8), "too blurred"),
        (smear(80, down=False), "too blurred"),
        (smear(80, down=True), "too blurred"),
        (lambda picture: (picture * 0.3).astype(np.uint8), None),
    ],
    ids=["sharp", "out of focus", "moved aside", "moved down", "dark"],
)
def test_a_real_face_may_be_too_blurred(
    portrait: Picture,
    yunet: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[np.ndarray], np.ndarray],
    defect: str | None,
) -> None:
    monkeypatch.setenv("EDGE_EMOTION_YUNET", str(yunet))
    (box,) = get_detector("yunet").detect(portrait)
    assert defect_of_box(box) is None
    assert defect_of_crop(crop_face(change(portrait), box)) == defect


@pytest.mark.parametrize("value", [0, 127, 255])
def test_a_blank_crop_is_too_blurred(value: int) -> None:
    assert defect_of_crop(np.full((48, 48), value, np.uint8)) == "too blurred"


def smeared(steps: list[dict[str, Any]], pixels: int) -> tuple[str, str]:
    """From the least to the most that is read of faces smeared so far, and their medians."""
    rows = [each for each in steps if each["kind"].startswith("smear") and each["amount"] == pixels]
    read = sorted(100 * each["accuracy"] for each in rows)
    medians = sorted(each["sharpness"]["p50"] for each in rows)
    return f"{read[0]:.0f} to {read[-1]:.0f} %", f"{medians[0]:g} to {medians[-1]:g}"


def test_the_limits_tell_what_they_were_chosen_by() -> None:
    told = " ".join(Path(quality.__file__).read_text(encoding="utf-8").split())
    results = Path(__file__).parents[2] / "benchmarks" / "results" / "quality.json"
    result = json.loads(results.read_text(encoding="utf-8"))
    assert result["limits"] == {
        "least_side": LEAST_SIDE,
        "least_sharpness": LEAST_SHARPNESS,
        "most_roll": MOST_ROLL,
        "most_yaw": MOST_YAW,
    }
    steps = {(step["kind"], step["amount"]): step for step in result["steps"]}
    read = {which: step["accuracy"] for which, step in steps.items()}
    refused = {which: step["refused_as_blurred"] for which, step in steps.items()}
    assert f"`small`` reads {100 * read['untouched', 0]:.1f} %" in told
    assert f"a cut of 18 pixels: of faces shrunk to that, {100 * read['side', 18]:.1f} %" in told
    assert "half of them are too blurred" in told
    assert round(refused["side", 18], 1) == 0.5
    assert f"Gaussian of 1.125 pixels, of which {100 * read['blur', 1.125]:.1f} %" in told
    assert f"have a median of {steps['blur', 1.125]['sharpness']['p50']:g}:" in told
    assert f"Of untouched faces, {100 * refused['untouched', 0]:.2f} % are below" in told
    read_of_5, medians_of_5 = smeared(result["steps"], 5)
    assert f"smeared over 5 pixels (of 48), of which {read_of_5} are read" in told
    assert f"have medians of {medians_of_5};" in told
    assert "over 7 pixels, {}, {}.".format(*smeared(result["steps"], 7)) in told
    assert f"by 35 degrees, of which {100 * read['roll', 35]:.1f} %" in told
    for turn in result["by_turn"]:
        share = f"{100 * turn['accuracy']:.1f} %"
        if (turn["kind"], turn["from"]) in {("roll", MOST_ROLL), ("yaw", MOST_YAW)}:
            assert f"of faces beyond it, {share} are read ({turn['faces']} faces)" in told
        elif (turn["kind"], turn["to"]) in {("roll", MOST_ROLL), ("yaw", MOST_YAW)}:
            assert f"from {turn['from']} to {turn['to']} degrees {share} ({turn['faces']})" in told
