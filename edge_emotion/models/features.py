"""What a network sees in a face, before its classifier makes an expression of it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from edge_emotion.emotions import FACE_SIZE

_WEIGHING = (nn.Conv2d, nn.Linear)


class Tap:
    """Keeps the features of a network's last pass: what its last layer with weights reads, flat.

    Where a dropout stands before that layer, it has not taken anything away from them.

    Args:
        network: any, or the quantised twin of one.
    """

    def __init__(self, network: nn.Module) -> None:
        self._last: Tensor | None = None
        self._hook = _reader(network).register_forward_pre_hook(self._keep)

    def take(self) -> Tensor:
        """Features (N, D) of the last pass, which may be taken once."""
        features, self._last = self._last, None
        assert features is not None  # noqa: S101 - a pass comes first
        return features

    def close(self) -> None:
        """Let the network be."""
        self._hook.remove()

    def _keep(self, _: nn.Module, inputs: tuple[Any, ...]) -> None:
        self._last = inputs[0].flatten(1)


@torch.no_grad()
def width(network: nn.Module) -> int:
    """How many features a network has, which it is asked once for."""
    tap, was_training = Tap(network), network.training
    network.eval()(torch.zeros(1, 1, FACE_SIZE, FACE_SIZE))
    network.train(was_training)
    tap.close()
    return tap.take().shape[1]


def _reader(network: nn.Module) -> nn.Module:
    """The layer that features go into."""
    layers = [each for each in network.modules() if not list(each.children())]
    weighing = [place for place, layer in enumerate(layers) if isinstance(layer, _WEIGHING)]
    before, last = layers[weighing[-1] - 1], layers[weighing[-1]]
    return before if isinstance(before, nn.Dropout) else last
