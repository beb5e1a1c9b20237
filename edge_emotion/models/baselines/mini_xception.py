"""mini-Xception, the network of many real-time emotion demos."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edge_emotion.emotions import LABELS
from edge_emotion.models.compact import Normalise


def _separable(channels: int, out: int) -> list[nn.Module]:
    """A depthwise and a pointwise convolution, and their batch-norm."""
    return [
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
        nn.Conv2d(channels, out, 1, bias=False),
        nn.BatchNorm2d(out),
    ]


class _Block(nn.Module):
    """Two separable convolutions and a max-pool, added to a strided 1×1 convolution."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.shortcut = nn.Sequential(
            nn.Conv2d(channels, out, 1, 2, bias=False), nn.BatchNorm2d(out)
        )
        self.body = nn.Sequential(
            *_separable(channels, out), nn.ReLU(), *_separable(out, out), nn.MaxPool2d(3, 2, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, out, H / 2, W / 2), rounded up."""
        return self.body(x) + self.shortcut(x)  # type: ignore[no-any-return]


class MiniXception(nn.Module):
    """A stem of two 3×3 convolutions, four residual blocks, a convolution to class maps, a mean.

    Source: O. Arriaga, M. Valdenegro-Toro, P. Plöger, "Real-time convolutional neural networks for
    emotion and gender classification", 2017 (arXiv:1710.07557), with the widths of the authors'
    published model: 8, then 16, 32, 64, 128. Adapted: faces of 48×48 instead of 64×64, symmetric
    padding where Keras pads right and bottom only, normalisation inside, logits instead of a
    softmax.
    """

    def __init__(self) -> None:
        super().__init__()
        widths = (16, 32, 64, 128)
        layers: list[nn.Module] = []
        for inputs in (1, 8):
            layers += [nn.Conv2d(inputs, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU()]
        for inputs, outputs in zip((8, *widths), widths, strict=False):
            layers.append(_Block(inputs, outputs))
        self.normalise = Normalise()
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Conv2d(widths[-1], len(LABELS), 3, padding=1)
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, faces: Tensor) -> Tensor:
        """(N, 1, 48, 48) faces, 0 to 255 → (N, 7) logits."""
        maps = self.classifier(self.features(self.normalise(faces)))
        return torch.flatten(self.pool(maps), 1)
