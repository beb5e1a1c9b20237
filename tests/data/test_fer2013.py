"""The real FER-2013."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_emotion.data import Split, load_dataset

TRAIN = [3995, 436, 4097, 7215, 4965, 4830, 3171]
PUBLIC = [467, 56, 496, 895, 607, 653, 415]


def test_counts_of_every_class(fer2013: Path) -> None:
    train = load_dataset(fer2013, Split.TRAIN)
    assert (len(train), train.images.shape) == (28_709, (28_709, 48, 48))
    assert np.bincount(train.labels).tolist() == TRAIN
    public = load_dataset(fer2013, Split.PUBLIC)
    assert len(public) == 3_589
    assert np.bincount(public.labels).tolist() == PUBLIC
    assert public.paths == tuple(sorted(public.paths))
    assert public.paths[0] == "test/angry/PublicTest_10116449.jpg"
    assert 100 < train.images.mean() < 150


def test_second_reading_decodes_nothing(fer2013: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_dataset(fer2013, Split.TRAIN)
    monkeypatch.setattr("edge_emotion.data.images.read_images", None)
    assert (load_dataset(fer2013, Split.TRAIN).images == first.images).all()
