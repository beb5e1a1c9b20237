"""Pictures of real faces that installed packages bring."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from edge_emotion.vision import Picture
from edge_emotion.vision.image import read_image


@pytest.fixture(scope="session")
def astronaut() -> Picture:
    """Eileen Collins, 512×512, one face."""
    spec = find_spec("skimage")  # only its picture is wanted
    if spec is None or spec.origin is None:
        pytest.skip("scikit-image, which brings the picture, is not installed")
    return read_image(Path(spec.origin).parent / "data" / "astronaut.png")
