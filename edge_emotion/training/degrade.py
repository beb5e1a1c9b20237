"""What a worse camera would make of a batch of training faces, which the student alone sees."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from edge_emotion.training.recipe import Degradation

_RADIUS = 4
"""Pixels: of a Gaussian of up to 1.5, all but a hundredth."""


def degrade(faces: Tensor, settings: Degradation) -> Tensor:
    """Blur some faces and add noise to some, each on its own and by chance.

    Args:
        faces: float32 (N, 1, H, W), 0 to 255.
        settings: how far each may go, and how often.

    Returns:
        As ``faces``.
    """
    if settings.blur == settings.noise == 0:
        return faces
    count = len(faces)
    blurred = blur(faces, settings.blur * _amounts(count, settings.share))
    deviations = settings.noise * _amounts(count, settings.share)
    return (blurred + deviations.view(-1, 1, 1, 1) * torch.randn_like(faces)).clamp(0, 255)


def blur(faces: Tensor, deviations: Tensor) -> Tensor:
    """Blur each face by a Gaussian of its own; borders are mirrored inwards.

    Args:
        faces: float32 (N, 1, H, W).
        deviations: in pixels, at most 1.5, (N); 0 leaves a face as it is.
    """
    steps = torch.arange(-_RADIUS, _RADIUS + 1.0)
    kernels = torch.exp(-(steps**2) / (2 * deviations.clamp(min=0.05).view(-1, 1) ** 2))
    kernels = kernels / kernels.sum(1, keepdim=True)
    count = len(faces)
    with torch.autocast("cpu", enabled=False):  # bfloat16 has no room for 256 grey levels
        pixels = functional.pad(faces.float().transpose(0, 1), [_RADIUS] * 4, mode="reflect")
        pixels = functional.conv2d(pixels, kernels.view(count, 1, 1, -1), groups=count)
        pixels = functional.conv2d(pixels, kernels.view(count, 1, -1, 1), groups=count)
    return pixels.transpose(0, 1)


def _amounts(count: int, share: float) -> Tensor:
    """Uniform from 0 to 1 for a share of so many faces, 0 for the others: (N)."""
    return torch.rand(count) * (torch.rand(count) < share)
