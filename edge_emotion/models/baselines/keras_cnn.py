"""The plain CNN that the most-voted FER-2013 notebooks on Kaggle share."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from edge_emotion.emotions import FACE_SIZE, LABELS
from edge_emotion.models.compact import Normalise

_DROPOUT = 0.25


class KerasCNN(nn.Module):
    """Four convolutions of 64, 128, 512 and 512 channels, then dense layers of 256 and 512.

    Source: the Keras ``Sequential`` of the notebooks, layer for layer: 'same' padding (the second
    convolution is 5×5, the others 3×3), each followed by batch-norm, ReLU, 2×2 max-pool and dropout
    of 0.25, each dense layer by batch-norm, ReLU and dropout. It has the 4,474,759 trainable
    parameters that they print. Adapted: normalisation inside, logits instead of a softmax.
    """

    def __init__(self) -> None:
        super().__init__()
        channels, kernels = (1, 64, 128, 512, 512), (3, 5, 3, 3)
        features: list[nn.Module] = []
        for (inputs, outputs), kernel in zip(pairwise(channels), kernels, strict=True):
            features += [
                nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Dropout(_DROPOUT),
            ]
        side = FACE_SIZE // 2 ** len(kernels)
        classifier: list[nn.Module] = []
        for inputs, outputs in pairwise((channels[-1] * side**2, 256, 512)):
            classifier += [
                nn.Linear(inputs, outputs),
                nn.BatchNorm1d(outputs),
                nn.ReLU(),
                nn.Dropout(_DROPOUT),
            ]
        self.normalise = Normalise()
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(*classifier, nn.Linear(512, len(LABELS)))

    def forward(self, faces: Tensor) -> Tensor:
        """(N, 1, 48, 48) faces, 0 to 255 → (N, 7) logits."""
        maps = self.features(self.normalise(faces))
        logits: Tensor = self.classifier(torch.flatten(maps, 1))
        return logits
