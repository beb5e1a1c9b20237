"""The average of weights that a run validates and keeps."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytestmark = pytest.mark.train

from torch import nn  # noqa: E402
from torch.optim.swa_utils import AveragedModel  # noqa: E402

from edge_emotion.training.averaging import growing_average  # noqa: E402


def averaged(decay: float, weights: list[float]) -> float:
    """What is kept of a weight that took these values, one a step."""
    network = nn.Linear(1, 1, bias=False)
    average = AveragedModel(network, avg_fn=growing_average(decay))
    for weight in weights:
        nn.init.constant_(network.weight, weight)
        average.update_parameters(network)
    return float(average.module.weight.item())  # type: ignore[operator]


def test_random_weights_are_forgotten_after_some_tens_of_steps() -> None:
    plain = 0.998**100
    assert plain > 0.8
    assert averaged(0.998, [1.0] + [0.0] * 100) < 1e-6


def test_it_reaches_over_a_tenth_of_the_steps_and_no_further_than_its_decay() -> None:
    rising = [float(step) for step in range(2000)]
    assert 1999 - averaged(0.9999, rising) == pytest.approx(200, rel=0.1)
    assert 1999 - averaged(0.98, rising) == pytest.approx(49, rel=0.02)
