from __future__ import annotations

import numpy as np
import pytest

from edge_emotion.errors import DataError
from edge_emotion.evaluation import cross_fit, evaluate, fit_temperature, softmax


def drawn(temperature: float, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels that are distributed as their softmax at this temperature says."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (count, 7)).astype(np.float32)
    below = softmax(logits / temperature).cumsum(axis=1)
    return logits, (below < random.random((count, 1))).sum(axis=1)


def likelihood(logits: np.ndarray, labels: np.ndarray, temperature: float) -> float:
    rows = softmax(logits.astype(np.float64) / temperature)[np.arange(len(labels)), labels]
    return float(np.log(rows).mean())


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_a_known_scaling_is_recovered(temperature: float) -> None:
    logits, labels = drawn(temperature, 12_000)
    found = fit_temperature(logits, labels)
    assert found == pytest.approx(temperature, rel=0.05)
    assert fit_temperature(logits / np.float32(temperature), labels) == pytest.approx(1, rel=0.05)


def test_no_other_temperature_is_likelier() -> None:
    logits, labels = drawn(1.7, 500)
    found = fit_temperature(logits, labels)
    best = likelihood(logits, labels, found)
    for factor in (0.99, 0.999, 1.001, 1.01):
        assert likelihood(logits, labels, found * factor) < best


def test_models_without_mistakes_or_skill_get_the_bounds() -> None:
    labels = np.arange(7)
    right = np.eye(7, dtype=np.float32)
    assert fit_temperature(right, labels) == pytest.approx(0.05)
    assert fit_temperature(-right, labels) == pytest.approx(20)


def test_calibration_error_falls_on_images_that_did_not_choose_the_temperature() -> None:
    logits, labels = drawn(2.5, 6000)
    found = cross_fit(logits, labels)
    assert found.ece_uncalibrated == evaluate(logits, labels, 1.0).ece
    assert found.ece_uncalibrated > 0.15
    assert found.ece_cross_fitted < 0.03


def test_each_half_is_scaled_by_the_other() -> None:
    """Halves with temperatures of their own: what fits one does not fit the other."""
    (one, its), (other, others) = drawn(0.5, 3000, 1), drawn(4.0, 3000, 2)
    logits = np.stack([one, other], axis=1).reshape(-1, 7)
    labels = np.stack([its, others], axis=1).ravel()
    crossed = cross_fit(logits, labels).ece_cross_fitted
    for half, truth in ((one, its), (other, others)):
        assert evaluate(half, truth, fit_temperature(half, truth)).ece < 0.05
    assert crossed > 0.15


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_images_are_an_error(count: int) -> None:
    with pytest.raises(DataError, match="no images"):
        cross_fit(np.zeros((count, 7), np.float32), np.zeros(count, np.int64))
