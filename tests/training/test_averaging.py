"""The average of weights that a run validates and keeps."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytestmark = pytest.mark.train

from torch import nn  # noqa: E402
from torch.optim.swa_utils import AveragedModel, get_ema_avg_fn  # noqa: E402

from edge_emotion.training.averaging import Blend, growing_average  # noqa: E402


def averaged(blend: Blend, weights: list[float]) -> float:
    """What is kept of a weight that took these values, one a step."""
    network = nn.Linear(1, 1, bias=False)
    average = AveragedModel(network, avg_fn=blend)
    for weight in weights:
        nn.init.constant_(network.weight, weight)
        average.update_parameters(network)
    return float(average.module.weight.item())  # type: ignore[operator]


def test_random_weights_are_forgotten_after_some_tens_of_steps() -> None:
    weights = [1.0] + [0.0] * 100
    assert averaged(get_ema_avg_fn(0.998), weights) > 0.8
    assert averaged(growing_average(0.998), weights) < 1e-6


def test_it_reaches_over_a_tenth_of_the_steps_and_no_further_than_its_decay() -> None:
    rising = [float(step) for step in range(2000)]
    assert 1999 - averaged(growing_average(0.9999), rising) == pytest.approx(200, rel=0.1)
    assert 1999 - averaged(growing_average(0.98), rising) == pytest.approx(49, rel=0.02)
