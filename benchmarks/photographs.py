"""Photographs that scikit-image brings, without importing it: its own needs stay uninstalled."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click
import numpy as np

from edge_emotion.vision import Picture
from edge_emotion.vision.image import read_image
from edge_emotion.vision.opencv import cv2


def photograph(name: str) -> Path:
    """A picture of scikit-image's data folder.

    Raises:
        click.ClickException: scikit-image is not installed.
    """
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise click.ClickException(
            "scikit-image is not installed: pip install --no-deps scikit-image"
        )
    return Path(spec.origin).parent / "data" / name


def ground(name: str, width: int, height: int) -> Picture:
    """A picture of scikit-image's, scaled and cut to a scene's size.

    Raises:
        click.ClickException: scikit-image is not installed.
    """
    picture = read_image(photograph(name))
    scale = max(width / picture.shape[1], height / picture.shape[0])
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    return np.asarray(cv2.resize(picture, size)[:height, :width], np.uint8)
