"""AlexNet for faces of 48×48."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edge_emotion.emotions import LABELS
from edge_emotion.models.compact import Normalise


class AlexNet(nn.Module):
    """Five convolutions and three linear layers.

    Source: A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014
    (arXiv:1404.5997), as torchvision builds it. Adapted: the first convolution shrinks with the
    picture, from 11×11 with stride 4 on 224×224 to 3×3 with stride 1 on 48×48, so that the maps
    stay near the original's size (23, 11, 5 for 27, 13, 6); it takes one channel; and batch-norm
    follows each convolution, in the place of the first version's response normalisation (NIPS
    2012), because without any it does not learn at the family's learning rate.
    """

    def __init__(self) -> None:
        super().__init__()
        widths = (64, 192, 384, 256, 256)
        kernels = (3, 5, 3, 3, 3)
        pooled = (True, True, False, False, True)
        layers: list[nn.Module] = []
        channels = 1
        for width, kernel, pool in zip(widths, kernels, pooled, strict=True):
            layers += [
                nn.Conv2d(channels, width, kernel, padding=kernel // 2, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
            ]
            if pool:
                layers.append(nn.MaxPool2d(3, 2))
            channels = width
        self.normalise = Normalise()
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Dropout(0.5),
            nn.Linear(channels * 5 * 5, 4096),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Linear(4096, len(LABELS)),
        )

    def forward(self, faces: Tensor) -> Tensor:
        """(N, 1, 48, 48) faces, 0 to 255 → (N, 7) logits."""
        maps = self.features(self.normalise(faces))
        logits: Tensor = self.classifier(torch.flatten(maps, 1))
        return logits
