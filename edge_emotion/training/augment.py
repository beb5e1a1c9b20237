"""Random changes to a batch of training faces, on the batch as a whole."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from edge_emotion.training.recipe import Augmentation


def augment(faces: Tensor, settings: Augmentation) -> Tensor:
    """Flip, turn, scale, shift, relight and erase each face on its own.

    Args:
        faces: uint8 (N, 1, H, W).
        settings: how far each change may go.

    Returns:
        float32 (N, 1, H, W), still 0 to 255; borders are mirrored inwards.
    """
    pixels = _relight(_warp(faces.float(), settings), settings)
    return _erase(pixels, settings.erase)


def mixup(alpha: float, faces: Tensor, *probabilities: Tensor) -> tuple[Tensor, ...]:
    """Blend each face, and what is said of it, with another one's of the batch.

    Args:
        alpha: parameter of the Beta distribution that weights are drawn from, one a face; 0 returns
            the arguments.
        faces: float (N, 1, H, W).
        probabilities: of classes, each (N, C).
    """
    if alpha == 0:
        return faces, *probabilities
    share = torch.distributions.Beta(alpha, alpha).sample((len(faces),))
    other = torch.randperm(len(faces))

    def blend(values: Tensor) -> Tensor:
        part = share.view(-1, *[1] * (values.ndim - 1))
        return part * values + (1 - part) * values[other]

    return tuple(blend(values) for values in (faces, *probabilities))


def _uniform(count: int, limit: float) -> Tensor:
    return (torch.rand(count) * 2 - 1) * limit


def _warp(pixels: Tensor, settings: Augmentation) -> Tensor:
    count = len(pixels)
    angle = _uniform(count, math.radians(settings.rotation))
    zoom = 1 + _uniform(count, settings.scale)
    mirror = torch.where(torch.rand(count) < settings.flip, -1.0, 1.0)
    # Grid coordinates run from -1 to 1: a shift of a fraction of the side is twice that.
    shift_x, shift_y = _uniform(count, 2 * settings.shift), _uniform(count, 2 * settings.shift)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    rows = [
        torch.stack([cos * mirror, -sin, shift_x], 1),
        torch.stack([sin * mirror, cos, shift_y], 1),
    ]
    grid = functional.affine_grid(torch.stack(rows, 1), list(pixels.shape), align_corners=False)
    return functional.grid_sample(pixels, grid, padding_mode="reflection", align_corners=False)


def _relight(pixels: Tensor, settings: Augmentation) -> Tensor:
    if not (settings.brightness or settings.contrast):
        return pixels
    count = len(pixels)
    gain = 1 + _uniform(count, settings.contrast).view(-1, 1, 1, 1)
    offset = 255 * _uniform(count, settings.brightness).view(-1, 1, 1, 1)
    mean = pixels.mean((2, 3), keepdim=True)
    return ((pixels - mean) * gain + mean + offset).clamp(0, 255)


def _erase(pixels: Tensor, probability: float) -> Tensor:
    """Fill a rectangle of 2 to 25 % of the area, sides 1:3 to 3:1, with uniform noise."""
    count, _, height, width = pixels.shape
    area = torch.empty(count).uniform_(0.02, 0.25) * height * width
    aspect = torch.exp(_uniform(count, math.log(3.0)))
    box_height = torch.sqrt(area * aspect).clamp(max=height).view(-1, 1, 1, 1)
    box_width = torch.sqrt(area / aspect).clamp(max=width).view(-1, 1, 1, 1)
    top = torch.rand(count, 1, 1, 1) * (height - box_height)
    left = torch.rand(count, 1, 1, 1) * (width - box_width)
    y = torch.arange(height).view(1, 1, -1, 1)
    x = torch.arange(width).view(1, 1, 1, -1)
    inside = (y >= top) & (y < top + box_height) & (x >= left) & (x < left + box_width)
    chosen = torch.rand(count, 1, 1, 1) < probability
    return torch.where(inside & chosen, torch.rand_like(pixels) * 255, pixels)
