from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from edge_emotion.evaluation import Contrast, mcnemar_exact


@pytest.mark.parametrize(
    ("only_this", "only_other", "p"),
    [
        (0, 0, Fraction(1)),
        (1, 0, Fraction(1)),
        (0, 5, Fraction(2, 32)),  # 2 (1) / 2^5
        (1, 9, Fraction(22, 1024)),  # 2 (1 + 10) / 2^10
        (9, 1, Fraction(22, 1024)),
        (2, 8, Fraction(112, 1024)),  # 2 (1 + 10 + 45) / 2^10
        (5, 5, Fraction(1)),
        (4, 6, Fraction(772, 1024)),  # 2 (1 + 10 + 45 + 120 + 210) / 2^10
    ],
)
def test_values_worked_out_by_hand(only_this: int, only_other: int, p: Fraction) -> None:
    assert mcnemar_exact(only_this, only_other) == float(p)


def test_it_is_the_share_of_coin_throws_that_are_as_uneven() -> None:
    throws = np.array(list(product([0, 1], repeat=9)))
    heads = throws.sum(axis=1)
    for count in range(10):
        uneven = np.abs(2 * heads - 9) >= abs(2 * count - 9)
        assert mcnemar_exact(count, 9 - count) == uneven.mean()


def test_thousands_of_images_neither_overflow_nor_vanish() -> None:
    # Normal approximation with continuity correction: z = (|200| - 1) / sqrt(3000) = 3.633.
    assert mcnemar_exact(1400, 1600) == pytest.approx(2.80e-4, rel=0.02)
    assert 0 < mcnemar_exact(0, 1000) < 1e-300
    assert mcnemar_exact(20_000, 20_000) == 1.0


def test_contrast_counts_every_image_once() -> None:
    rows = np.eye(7, dtype=np.float32)
    labels = np.array([0, 1, 2, 3, 4, 5])
    this, other = rows[[0, 1, 2, 0, 6, 0]], rows[[0, 0, 0, 3, 6, 1]]
    found = Contrast.of(this, other, labels)
    counts = (found.both_right, found.only_this, found.only_other, found.both_wrong)
    assert counts == (1, 2, 1, 2)
    assert found.agreement == pytest.approx(2 / 6)  # the first, and 6 for 4 by both
    assert found.accuracy_difference == pytest.approx(1 / 6)
    assert found.mcnemar_p == 1.0


def test_a_model_does_not_differ_from_itself() -> None:
    logits = np.random.default_rng(0).normal(size=(50, 7)).astype(np.float32)
    found = Contrast.of(logits, logits, np.arange(50) % 7)
    assert (found.agreement, found.accuracy_difference, found.mcnemar_p) == (1, 0, 1)
