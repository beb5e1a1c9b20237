"""Another real face beside the portrait of all tests."""

from __future__ import annotations

import pytest

from edge_emotion.camera.clip import COLLINS
from edge_emotion.vision import Picture
from edge_emotion.vision.image import read_image


@pytest.fixture(scope="session")
def smiling() -> Picture:
    """Eileen Collins, 239×280, one face."""
    return read_image(COLLINS)
