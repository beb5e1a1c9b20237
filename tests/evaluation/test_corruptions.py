from __future__ import annotations

import numpy as np
import pytest

from edge_emotion.data import FaceSet
from edge_emotion.evaluation.corruptions import CORRUPTIONS, SEVERITIES, Corruption

each = pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda each: each.name)


@pytest.fixture(scope="module")
def faces(synthetic: FaceSet) -> np.ndarray:
    """Twenty-eight drawn faces, four of each class."""
    return synthetic.images[::25]


def distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.sqrt(np.square(one.astype(float) - other).mean(axis=(1, 2))).mean())


@each
def test_faces_stay_faces_and_the_given_ones_as_they_are(
    corruption: Corruption, faces: np.ndarray
) -> None:
    before = faces.copy()
    for severity in SEVERITIES:
        spoilt = corruption.apply(faces, severity)
        assert (spoilt.shape, spoilt.dtype) == (faces.shape, np.uint8)
        assert not np.array_equal(spoilt, faces)
    np.testing.assert_array_equal(faces, before)
    assert corruption.apply(faces[:0], 1).shape == (0, 48, 48)


@each
def test_a_face_is_always_spoilt_in_the_same_way(corruption: Corruption, faces: np.ndarray) -> None:
    whole = corruption.apply(faces, 2)
    np.testing.assert_array_equal(corruption.apply(faces, 2), whole)
    np.testing.assert_array_equal(corruption.apply(faces[::-1], 2), whole[::-1])
    np.testing.assert_array_equal(corruption.apply(faces[5:6], 2), whole[5:6])


@each
def test_a_higher_severity_is_further_from_the_face(
    corruption: Corruption, faces: np.ndarray
) -> None:
    mild, middle, hard = (distance(corruption.apply(faces, each), faces) for each in SEVERITIES)
    assert 0 < mild < middle < hard


def test_names_are_those_that_are_promised() -> None:
    assert [corruption.name for corruption in CORRUPTIONS] == [
        "crop_shift", "crop_scale", "rotation", "blur", "low_light", "noise", "jpeg",
        "low_resolution", "occlusion",
    ]  # fmt: skip


def test_what_comes_in_over_the_border_is_the_mirrored_face() -> None:
    """A constant border would put a value into the picture that it does not have."""
    grey = np.full((40, 48, 48), 77, np.uint8)
    grey[np.arange(40), 24, 24] = np.arange(40)  # forty different faces
    for name in ("crop_shift", "crop_scale", "rotation"):
        corruption = next(each for each in CORRUPTIONS if each.name == name)
        spoilt = corruption.apply(grey, 3)
        np.testing.assert_array_equal(spoilt[:, [0, 0, -1, -1], [0, -1, 0, -1]], 77)


def test_shifts_go_in_every_direction() -> None:
    shift = next(each for each in CORRUPTIONS if each.name == "crop_shift")
    dots = np.zeros((200, 48, 48), np.uint8)
    dots[:, 24, 24] = 1 + np.arange(200)
    rows, columns = (
        np.average(np.indices((48, 48))[axis][None].repeat(200, 0), axis=(1, 2), weights=moved)
        for axis in (0, 1)
        for moved in [shift.apply(dots, 3) + 1e-12]
    )
    kept = np.hypot(rows - 24, columns - 24)
    assert np.median(kept) == pytest.approx(6, abs=0.8)  # bilinear weights round to whole greys
    assert {(r > 24, c > 24) for r, c in zip(rows, columns, strict=True)} == {
        (True, True), (True, False), (False, True), (False, False)
    }  # fmt: skip
