"""Networks that see a face and its mirror image alike, by the shape of their weights.

An expression does not change in the mirror. So the channels of every layer come in pairs: the
second half detects in the mirrored face what the first half detects in the face, and the classifier
weighs both halves alike. It is the smallest of the group-equivariant networks of Cohen and Welling
(2016, arXiv:1602.07576), with ordinary dense weights: no runtime needs to know of it, and it costs
nothing. Answers to both images are equal as long as every stride lands on the same pixels from both
sides, as it does for an even kernel on an even number of pixels; an odd one is off by a pixel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn

from edge_emotion.errors import RecipeError
from edge_emotion.models.compact import PooledCNN


def make_symmetric(network: nn.Module) -> None:
    """Tie the random weights of a new network, and keep the spread that they were drawn with.

    Raises:
        RecipeError: it does not pool over the whole face, or a layer has an odd number of channels.
    """
    if not isinstance(network, PooledCNN):
        raise RecipeError(
            f"{type(network).__name__} cannot be kept symmetric", "set symmetric = false"
        )
    keep_symmetric(network)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                layer.weight *= math.sqrt(2)  # the mean of two draws spreads less than one


@torch.no_grad()
def keep_symmetric(network: nn.Module) -> None:
    """Move a network's weights to the nearest symmetric ones, in place.

    After each step of an optimiser this is gradient descent among symmetric networks: symmetry is
    linear, so the part that is thrown away never mattered.
    """
    for values, mirrored in _ties(network):
        values.copy_((values + mirrored(values)) / 2)


@torch.no_grad()
def tie_gradients(network: nn.Module) -> None:
    """Move gradients to the nearest symmetric ones, in place.

    For an optimiser whose step is no linear function of the gradient: what it made of the other
    part would not be thrown away by ``keep_symmetric``.
    """
    for values, mirrored in _ties(network):
        if values.grad is not None:
            values.grad.copy_((values.grad + mirrored(values.grad)) / 2)


def _ties(network: nn.Module) -> Iterator[tuple[Tensor, Callable[[Tensor], Tensor]]]:
    """Every weight and statistic with what makes its mirror image of it."""
    halves = partial(_swapped, axis=0)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            yield layer.weight, _mirrored
            if layer.bias is not None:
                yield layer.bias, halves
        elif isinstance(layer, nn.Linear):
            yield layer.weight, partial(_swapped, axis=1)
        elif isinstance(layer, nn.BatchNorm2d):
            for values in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
                if values is not None:
                    yield values, halves


def _mirrored(weight: Tensor) -> Tensor:
    """The kernel (out, in, H, W) that does to a mirror image what ``weight`` does to the image."""
    inputs = weight if weight.shape[1] == 1 else _swapped(weight, 1)
    return _swapped(inputs, 0).flip(3)


def _swapped(values: Tensor, axis: int) -> Tensor:
    if values.shape[axis] % 2:
        raise RecipeError(
            f"a layer of {values.shape[axis]} channels cannot be kept symmetric",
            "give it an even number, or set symmetric = false",
        )
    first, second = values.chunk(2, axis)
    return torch.cat([second, first], axis)
