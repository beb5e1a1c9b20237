"""Networks whose batch-norms went into their convolutions, made fit for training again.

An exported network has none left: each convolution has what its batch-norm did in its weights and a
bias. Without batch-norms it computes the same and learns badly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

_BATCH = 64


class Folded(NamedTuple):
    """A convolution with its batch-norm in it: weight (O, I, K, K) and bias (O,)."""

    weight: Tensor
    bias: Tensor


@torch.no_grad()
def unfold(network: nn.Module, layers: Sequence[Folded], faces: Tensor) -> None:
    """Give a network the convolutions of a folded one, and batch-norms that normalise.

    Each batch-norm gets the mean and the variance that its input has on some faces, and the scale
    and the offset that undo them: the answers are those of the folded network.

    Args:
        network: every convolution has a batch-norm and no bias; what else it has stays.
        layers: in the order of the network's convolutions.
        faces: uint8 (N, 1, 48, 48), enough for steady statistics: a thousand are.

    Raises:
        ValueError: there are more or fewer layers than convolutions.
        RuntimeError: a layer is of another shape than its convolution.
    """
    convolutions = [each for each in network.modules() if isinstance(each, nn.Conv2d)]
    norms = [each for each in network.modules() if isinstance(each, nn.BatchNorm2d)]
    for convolution, norm, layer in zip(convolutions, norms, layers, strict=True):
        convolution.load_state_dict({"weight": layer.weight})
        nothing = torch.zeros_like(layer.bias)
        _normalise(norm, nothing, nothing + 1 - norm.eps, layer.bias)
    moments = [_Moments(norm, len(faces)) for norm in norms]
    was_training = network.training
    network.eval()
    for batch in torch.split(faces, _BATCH):
        network(batch)
    network.train(was_training)
    for norm, each in zip(norms, moments, strict=True):
        mean, variance = each.take()
        _normalise(norm, mean, variance, norm.bias + mean)


class _Moments:
    """Mean and variance of what comes into a layer, per channel, until they are taken."""

    def __init__(self, layer: nn.BatchNorm2d, faces: int) -> None:
        self._faces = faces
        self._sums = torch.zeros(2, layer.num_features, dtype=torch.float64)
        self._hook = layer.register_forward_pre_hook(self._count)

    def take(self) -> tuple[Tensor, Tensor]:
        self._hook.remove()
        mean, square = self._sums
        return mean, (square - mean.square()).clamp(min=0)

    def _count(self, _: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0].double()
        means = torch.stack([x.mean((0, 2, 3)), x.square().mean((0, 2, 3))])
        self._sums += means * (len(x) / self._faces)


def _normalise(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor, bias: Tensor) -> None:
    """Let a batch-norm use these statistics, undo them, and add a bias."""
    state = {
        "running_mean": mean,
        "running_var": variance,
        "weight": (variance + norm.eps).sqrt(),
        "bias": bias,
    }
    norm.load_state_dict(state, strict=False)
