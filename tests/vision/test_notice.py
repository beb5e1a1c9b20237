"""The line that tells people what sees them."""

from __future__ import annotations

import numpy as np
import pytest

from edge_emotion.vision.draw import draw_notice


def grey(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


@pytest.mark.parametrize("shape", [(720, 1280), (240, 320), (48, 48), (8, 8)])
def test_a_band_along_the_lower_edge_and_nothing_else(shape: tuple[int, int]) -> None:
    picture = grey(*shape)
    draw_notice(picture, "This camera reads expressions")
    changed = np.flatnonzero((picture != 128).any(axis=(1, 2)))
    assert changed[-1] == shape[0] - 1
    assert changed[0] >= min(shape[0] * 0.7, shape[0] - 18), "a line, not half the picture"
    assert picture[-1, 0].max() < 80, "dark"
    if shape[1] >= 320:
        assert picture.max() > 200, "light letters"


def test_a_long_line_is_shrunk_until_it_fits() -> None:
    picture = grey(240, 320)
    draw_notice(picture, "a line that is far too long for a picture as small as this one is " * 2)
    band = picture[-16:]
    light = np.flatnonzero(band.max(axis=(0, 2)) > 150)
    assert 0 < light[0] < 30
    assert 290 < light[-1] < 320


def test_letters_that_opencv_lacks_lose_their_accents() -> None:
    accented, plain = grey(240, 640), grey(240, 640)
    draw_notice(accented, "Gefühle")
    draw_notice(plain, "Gefuhle")
    assert np.array_equal(accented, plain)
