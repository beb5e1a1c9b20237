"""The gate's arithmetic, at its very edge."""

from __future__ import annotations

import numpy as np
import pytest

from edge_emotion.errors import ParityError
from edge_emotion.export.parity import compare, require

LABELS = np.arange(1000) % 7
RIGHT = np.eye(7, dtype=np.float32)[LABELS]


def with_wrong(count: int, offset: int = 1) -> np.ndarray:
    logits = RIGHT.copy()
    logits[:count] = np.eye(7, dtype=np.float32)[(LABELS[:count] + offset) % 7]
    return logits


def test_identical_answers_pass() -> None:
    parity = compare(RIGHT, RIGHT, LABELS)
    assert (parity.agreement, parity.accuracy, parity.images) == (1.0, 1.0, 1000)
    require(parity, "model")


def test_three_tenths_of_a_point_pass_and_four_do_not() -> None:
    require(compare(RIGHT, with_wrong(3), LABELS), "model")
    with pytest.raises(ParityError, match=r"model was not published.* loses 0\.40 points"):
        require(compare(RIGHT, with_wrong(4), LABELS), "model")


def test_disagreement_is_refused_even_when_accuracy_does_not_fall() -> None:
    parity = compare(with_wrong(11, 1), with_wrong(11, 2), LABELS)
    assert parity.accuracy == parity.reference_accuracy
    with pytest.raises(ParityError, match=r"98\.90%"):
        require(parity, "model")


def test_one_image_of_a_small_set_never_decides() -> None:
    few = slice(0, 150)
    require(compare(RIGHT[few], with_wrong(1)[few], LABELS[few]), "model")
