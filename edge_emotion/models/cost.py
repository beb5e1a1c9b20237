"""What a network costs: multiply-accumulates and parameters."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from edge_emotion.emotions import FACE_SIZE


def macs(network: nn.Module) -> int:
    """Multiply-accumulate operations of convolutions and matrix products for one face."""
    counter = FlopCounterMode(display=False)
    was_training = network.training
    network.eval()
    with torch.no_grad(), counter:
        network(torch.zeros(1, 1, FACE_SIZE, FACE_SIZE, dtype=torch.uint8))
    network.train(was_training)
    return int(counter.get_total_flops()) // 2


def parameters(network: nn.Module) -> int:
    """Trainable scalars."""
    return sum(parameter.numel() for parameter in network.parameters())
