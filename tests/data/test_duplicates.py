"""Identical, near and blank faces, against a search of every pair."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_emotion.data import FaceSet, Split, load_dataset
from edge_emotion.data.clean import deduplicate
from edge_emotion.data.duplicates import NEAR_RMS, Likeness, are_blank, have_near
from edge_emotion.errors import DataError


def shifted(image: np.ndarray, rms: float, seed: int) -> np.ndarray:
    """Another picture at this root mean square distance or a little less."""
    random = np.random.default_rng(seed)
    noise = random.normal(0, 1, image.shape)
    noise *= rms / np.sqrt(np.mean(noise**2))
    middle = np.clip(image.astype(float), 20, 235)
    return np.round(middle + noise).astype(np.uint8)


def distances(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    differences = images[:, None].astype(float) - others[None]
    return np.sqrt(np.mean(differences**2, axis=(2, 3)))


@pytest.fixture(scope="module")
def crowd(synthetic: FaceSet) -> np.ndarray:
    """Faces with copies and changed copies up to just past the limit, shuffled."""
    base = np.clip(synthetic.images[:40], 20, 235)
    changed = [
        shifted(image, rms, seed)
        for seed, image in enumerate(base)
        for rms in (1.0, 2.5, 2.9, 3.1, 4.0)
    ]
    whole = np.concatenate([base, base[:5], np.stack(changed), base[:10] + np.uint8(3)])
    return whole[np.random.default_rng(7).permutation(len(whole))]


def test_every_pair_within_the_limit_is_found_and_no_other(crowd: np.ndarray) -> None:
    near = distances(crowd, crowd) <= NEAR_RMS
    likeness = Likeness.of(crowd)
    for position in range(len(crowd)):
        alone = np.arange(len(crowd)) == position
        np.testing.assert_array_equal(likeness.near_to(alone), near[position])
        same = (crowd == crowd[position]).all(axis=(1, 2))
        np.testing.assert_array_equal(likeness.identical_to(alone), same)


def test_groups_are_the_connected_faces(crowd: np.ndarray) -> None:
    reached = distances(crowd, crowd) <= NEAR_RMS
    for _ in range(8):
        reached = (reached.astype(int) @ reached.astype(int)) > 0
    groups = Likeness.of(crowd).groups()
    np.testing.assert_array_equal(groups[:, None] == groups[None], reached)
    assert 1 < len(set(groups.tolist())) < len(crowd)


def test_part_of_the_faces_is_compared_as_if_it_were_alone(crowd: np.ndarray) -> None:
    part = np.arange(len(crowd)) % 3 == 0
    inside = Likeness.of(crowd).within(part).groups()
    alone = Likeness.of(crowd[part]).groups()
    np.testing.assert_array_equal(inside[:, None] == inside, alone[:, None] == alone)


def test_near_in_another_array(crowd: np.ndarray) -> None:
    some, others = crowd[:100], crowd[100:]
    expected = (distances(some, others) <= NEAR_RMS).any(axis=1)
    np.testing.assert_array_equal(have_near(some, others), expected)
    assert not have_near(some, others[:0]).any()
    assert len(have_near(others[:0], some)) == 0


def test_the_darkest_and_brightest_pictures_are_no_exception() -> None:
    """Rounding of products is largest there."""
    levels = np.array([0, 3, 4, 251, 252, 255], np.uint8)
    images = np.repeat(levels, 48 * 48).reshape(-1, 48, 48)
    near = np.abs(levels[:, None].astype(int) - levels) <= 3
    likeness = Likeness.of(images)
    for position in range(len(levels)):
        alone = np.arange(len(levels)) == position
        assert likeness.near_to(alone).tolist() == near[position].tolist()


def test_blank_is_one_grey_or_nearly(synthetic: FaceSet) -> None:
    faint = shifted(np.full((48, 48), 120, np.uint8), 2.0, 1)
    images = np.stack([np.zeros((48, 48), np.uint8), faint, synthetic.images[0]])
    assert are_blank(images).tolist() == [True, True, False]


def faces(images: list[np.ndarray], labels: list[int]) -> FaceSet:
    return FaceSet(
        images=np.stack(images),
        labels=np.array(labels),
        paths=tuple(f"train/{number}.png" for number in range(len(images))),
        source_sha256="0" * 64,
        split=Split.TRAIN,
    )


def test_cleaning_keeps_one_face_of_each_picture(synthetic: FaceSet) -> None:
    a, b, c, d = np.clip(synthetic.images[:4], 20, 235)
    grey = np.full((48, 48), 9, np.uint8)
    images = [a, b, b, grey, c, shifted(b, 2, 1), shifted(a, 2, 2), d, c]
    train = faces(images, [0, 1, 1, 0, 2, 1, 3, 4, 2])
    cleaned = deduplicate(train, np.stack([shifted(d, 2, 3)]))
    assert cleaned.left_out == {"blank": 1, "contradictory": 2, "held_out": 1, "repeated": 3}
    assert cleaned.faces.paths == ("train/1.png", "train/4.png")
    assert cleaned.faces.labels.tolist() == [1, 2]
    np.testing.assert_array_equal(cleaned.faces.images, np.stack([b, c]))
    assert deduplicate(cleaned.faces, synthetic.images[:0]).faces.paths == cleaned.faces.paths


def test_nothing_left_is_an_error() -> None:
    blank = faces([np.zeros((48, 48), np.uint8)] * 2, [0, 0])
    with pytest.raises(DataError, match="no training images are left"):
        deduplicate(blank, blank.images[:0])


def test_real_training_faces(fer2013: Path) -> None:
    train, public = load_dataset(fer2013, Split.TRAIN), load_dataset(fer2013, Split.PUBLIC)
    cleaned = deduplicate(train, public.images)
    assert not have_near(cleaned.faces.images, public.images).any()
    groups = Likeness.of(cleaned.faces.images).groups()
    assert len(set(groups.tolist())) == len(cleaned.faces) == 27_107
    assert cleaned.left_out["blank"] == 12
    assert sum(cleaned.left_out.values()) + len(cleaned.faces) == len(train)
