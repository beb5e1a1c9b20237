"""The compact family: convolutions, ReLU, one global pool, one linear layer.

Depthwise convolutions, squeeze-excitation and swish save multiplications but leave the INT8 units
(VNNI, tensor cores) idle; dense 3×3 convolutions with channels in multiples of 32 keep them fed.
Where multiplications themselves are scarce, as in `tiny`, depthwise ones buy more accuracy for the
same number, at half as much time again: its residual blocks are inverted.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from edge_emotion.emotions import LABELS


@dataclass(frozen=True)
class Shape:
    """One member of the family.

    Args:
        stem: channels after the first convolution.
        kernel: its side.
        strides: its stride and that of each stage's first convolution.
        widths: channels of each stage.
        depths: residual blocks of each stage, after its first convolution.
        expansions: how many times wider each stage's blocks are inside, which makes them inverted;
            dense blocks where none are given.
        kernels: side of each stage's first convolution; 3 for all where none are given. An even
            side makes a stride of 2 on an even number of pixels exact in the mirror.
        dropout: probability before the classifier.
    """

    stem: int
    kernel: int
    strides: tuple[int, ...]
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    kernels: tuple[int, ...] = ()
    expansions: tuple[int, ...] = ()
    dropout: float = 0.4

    @property
    def stage_kernels(self) -> tuple[int, ...]:
        """One side for each stage."""
        return self.kernels or (3,) * len(self.widths)

    def block(self, stage: int) -> nn.Module:
        """A residual block of a stage, untrained."""
        width = self.widths[stage]
        body = inverted(width, self.expansions[stage]) if self.expansions else dense(width)
        return Residual(body)


class Normalise(nn.Module):
    """Bytes 0 to 255 → (x - 128) / 128: exact in int8 with scale 1/128 and zero point 0."""

    def forward(self, faces: Tensor) -> Tensor:
        """(N, 1, 48, 48) uint8, or float in the same range → float in [-1, 1)."""
        return (faces.float() - 128.0) * (1.0 / 128.0)


def convolution(
    channels: int, out: int, stride: int = 1, kernel: int = 3, groups: int = 1
) -> list[nn.Module]:
    """A convolution that divides height and width by its stride, and its batch-norm."""
    padding = (kernel - stride) // 2 if kernel % 2 == 0 else kernel // 2
    return [
        nn.Conv2d(channels, out, kernel, stride, padding=padding, groups=groups, bias=False),
        nn.BatchNorm2d(out),
    ]


def dense(channels: int) -> list[nn.Module]:
    """Two 3×3 convolutions (He et al., 2016)."""
    return [*convolution(channels, channels), nn.ReLU(), *convolution(channels, channels)]


def inverted(channels: int, expansion: int) -> list[nn.Module]:
    """A depthwise 3×3 convolution between a widening and a narrowing one.

    As in MobileNetV2 (Sandler et al., 2018, arXiv:1801.04381), but for the ReLU that follows the
    sum: with it the network learned as well, and a runtime computes convolution, sum and ReLU as
    one.
    """
    inside = channels * expansion
    return [
        *convolution(channels, inside, kernel=1),
        nn.ReLU(),
        *convolution(inside, inside, groups=inside),
        nn.ReLU(),
        *convolution(inside, channels, kernel=1),
    ]


class Residual(nn.Module):
    """Layers added to their input, whose size and channels they keep, and a ReLU.

    Args:
        body: the layers, a batch-norm last.
    """

    def __init__(self, body: list[nn.Module]) -> None:
        super().__init__()
        self.body = nn.Sequential(*body)
        self.relu = nn.ReLU()
        # Each block starts as the identity, which steadies the first epochs (Goyal et al., 2017).
        nn.init.zeros_(self.body[-1].weight)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → the same shape."""
        return self.relu(self.body(x) + x)  # type: ignore[no-any-return]


class PooledCNN(nn.Module):
    """Normalise, detect, pool over the whole face, classify.

    Args:
        layers: convolutions and what stands between them, from one channel.
        channels: of the last of them.
        dropout: probability before the classifier.
    """

    def __init__(self, layers: list[nn.Module], channels: int, dropout: float) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(channels, len(LABELS))

    def forward(self, faces: Tensor) -> Tensor:
        """(N, 1, 48, 48) faces, 0 to 255 → (N, 7) logits."""
        x = self.pool(self.features(self.normalise(faces)))
        logits: Tensor = self.classifier(self.dropout(torch.flatten(x, 1)))
        return logits


class CompactResNet(PooledCNN):
    """A stem and the stages of a shape."""

    def __init__(self, shape: Shape) -> None:
        first, *strides = shape.strides
        layers: list[nn.Module] = [*convolution(1, shape.stem, first, shape.kernel), nn.ReLU()]
        channels = shape.stem
        stages = zip(strides, shape.widths, shape.depths, shape.stage_kernels, strict=True)
        for stage, (stride, width, depth, kernel) in enumerate(stages):
            layers += [*convolution(channels, width, stride, kernel), nn.ReLU()]
            layers += [shape.block(stage) for _ in range(depth)]
            channels = width
        super().__init__(layers, channels, shape.dropout)


def plain(*stages: tuple[int, ...], dropout: float = 0.4) -> PooledCNN:
    """3×3 convolutions and max-pools, without a shortcut.

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


def tiny() -> CompactResNet:
    """For the smallest boards: 7.9 M MACs, 0.14 M parameters."""
    return CompactResNet(
        Shape(
            stem=16,
            kernel=6,
            strides=(2, 2, 2, 1),
            widths=(40, 96, 192),
            depths=(2, 2, 0),
            kernels=(4, 2, 1),
            expansions=(2, 2, 1),
            dropout=0.2,
        )
    )


def small() -> CompactResNet:
    """The default: 33.1 M MACs, 0.82 M parameters."""
    return CompactResNet(
        Shape(
            stem=32,
            kernel=6,
            strides=(2, 1, 2, 2, 2),
            widths=(32, 64, 128, 192),
            depths=(0, 1, 1, 0),
            kernels=(3, 2, 2, 4),
        )
    )


def base() -> CompactResNet:
    """For a desktop processor or a Jetson's GPU: 104.5 M MACs, 2.01 M parameters."""
    return CompactResNet(
        Shape(
            stem=32,
            kernel=6,
            strides=(2, 1, 2, 2, 1),
            widths=(32, 64, 192, 256),
            depths=(1, 2, 2, 0),
            kernels=(3, 2, 2, 3),
        )
    )
