"""The average of a network's weights over its last steps."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

Blend = Callable[[Tensor, Tensor, Tensor | int], Tensor]
"""Average so far, weights of this step, steps in the average → the new average."""


def growing_average(decay: float) -> Blend:
    """Exponential moving average that forgets random weights: it reaches over a tenth of all steps.

    At step t a plain one of decay d still holds d^t of the weights that training began with, which
    after a few epochs is most of what it answers. Here the decay rises to d as (1 + t) / (10 + t),
    the warm-up of TensorFlow's ``ExponentialMovingAverage``.

    Args:
        decay: per step, from 9 / (1 - decay) steps on.
    """

    def blend(average: Tensor, weights: Tensor, steps: Tensor | int) -> Tensor:
        held = min(decay, (1 + int(steps)) / (10 + int(steps)))
        return average + (1 - held) * (weights - average)

    return blend
