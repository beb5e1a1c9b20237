"""The fold that a sweep is judged by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.train

from edge_emotion.data import FaceSet  # noqa: E402
from edge_emotion.training.faces import load_training_data  # noqa: E402
from edge_emotion.training.holdout import Fold, hold_out  # noqa: E402
from edge_emotion.training.recipe import load_recipe  # noqa: E402


def test_each_class_gives_its_share_and_nothing_is_in_both(synthetic: FaceSet) -> None:
    held = hold_out(synthetic, Fold(share=0.2))
    assert np.bincount(held.validation.labels).tolist() == [20] * 7
    assert set(held.validation.paths) | set(held.train.paths) == set(synthetic.paths)
    assert not set(held.validation.paths) & set(held.train.paths)


def test_the_seed_decides(synthetic: FaceSet) -> None:
    first, again, other = (
        hold_out(synthetic, Fold(seed=seed)).validation.paths for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_near_duplicates_of_the_fold_are_not_trained_on(synthetic: FaceSet) -> None:
    """Every face twice, the second one grey level brighter."""
    twice = replace(
        synthetic,
        images=np.concatenate([synthetic.images, np.minimum(synthetic.images, 254) + 1]),
        labels=np.tile(synthetic.labels, 2),
        paths=(*synthetic.paths, *(f"{path}-again" for path in synthetic.paths)),
    )
    held = hold_out(twice, Fold())
    pictures = {path.removesuffix("-again") for path in held.validation.paths}
    assert not pictures & {path.removesuffix("-again") for path in held.train.paths}
    assert held.near > 0
    assert len(held.train) + len(held.validation) + held.near == len(twice)


def test_a_run_is_judged_by_the_fold_and_says_so() -> None:
    data = load_training_data("synthetic", load_recipe(), fold=Fold())
    assert len(data.validation) == 70
    assert data.fold == Fold()
    assert data.left_out == {"near_validation": 0}


@pytest.mark.parametrize("deduplicate", [False, True])
def test_public_test_is_not_touched(deduplicate: bool) -> None:
    recipe = load_recipe(overrides=[f"deduplicate={str(deduplicate).lower()}"])
    data = load_training_data("synthetic", recipe, fold=Fold())
    assert all(path.startswith("train/") for path in (*data.train.paths, *data.validation.paths))
