"""Pictures of real faces that installed packages bring."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from edge_emotion.vision import Picture
from edge_emotion.vision.image import read_image
from edge_emotion.vision.opencv import cv2


@pytest.fixture(scope="session")
def group(portrait: Picture) -> Picture:
    """Five faces of 60 to 150 pixels in 1280×720."""
    canvas = np.full((720, 1280, 3), 90, np.uint8)
    places = ((20, 30, 560), (420, 60, 330), (700, 20, 240), (930, 100, 420), (700, 420, 270))
    for number, (x, y, height) in enumerate(places):
        width = height * portrait.shape[1] // portrait.shape[0]
        print_ = cv2.resize(portrait, (width, height), interpolation=cv2.INTER_AREA)
        print_ = print_[:, ::-1] if number % 2 else print_
        visible = canvas[y : y + height, x : x + width]
        visible[:] = print_[: visible.shape[0], : visible.shape[1]]
    return canvas


@pytest.fixture(scope="session")
def astronaut() -> Picture:
    """Eileen Collins, 512×512, one face."""
    spec = find_spec("skimage")  # only its picture is wanted
    if spec is None or spec.origin is None:
        pytest.skip("scikit-image, which brings the picture, is not installed")
    return read_image(Path(spec.origin).parent / "data" / "astronaut.png")
