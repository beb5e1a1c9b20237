"""Wide plain networks: 3×3 convolutions and max-pools, without a shortcut.

They multiply many times what the compact family does and see more in a face: whom it learns from.
"""

from __future__ import annotations

from torch import nn

from edge_emotion.models.compact import PooledCNN, convolution


def plain(*stages: tuple[int, ...], dropout: float = 0.4) -> PooledCNN:
    """A network, untrained.

    Args:
        stages: channels of each convolution; a max-pool that halves height and width stands
            between two stages.
        dropout: probability before the classifier.
    """
    layers: list[nn.Module] = []
    channels = 1
    for stage in stages:
        if layers:
            layers.append(nn.MaxPool2d(2))
        for width in stage:
            layers += [*convolution(channels, width), nn.ReLU()]
            channels = width
    return PooledCNN(layers, channels, dropout)


def teacher_c() -> PooledCNN:
    """A wide teacher: 239.2 M MACs, 3.55 M parameters."""
    return plain((64,), (128,), (256, 256), (320, 320), (320,))


def teacher_d() -> PooledCNN:
    """A wide teacher with more layers where faces are large: 186.8 M MACs, 2.25 M parameters."""
    return plain((48,), (96, 96), (192, 192), (256, 256), (256,))
