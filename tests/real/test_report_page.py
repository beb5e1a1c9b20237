"""The published report in a real browser: offline, at every width, on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.real.browser import DESK, PHONE, Browser

pytestmark = pytest.mark.real

REPORT = Path(__file__).parents[2] / "benchmarks" / "results" / "report.html"
PAPER = {"width": 720, "height": 1000}
"""What A4 has between its margins."""


@pytest.mark.parametrize(
    ("size", "media"),
    [
        (PHONE, {}),
        ({"width": 900, "height": 800}, {}),
        ({"width": 1030, "height": 800}, {}),
        (DESK, {"color_scheme": "dark"}),
        (PAPER, {"media": "print"}),
    ],
    ids=["phone", "window", "laptop", "desk", "paper"],
)
def test_nothing_is_cut_off_or_missing(
    browser: Browser, size: dict[str, int], media: dict[str, Any]
) -> None:
    browser.context.set_offline(True)
    page = browser.open(REPORT.as_uri(), size, **media)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    figures = page.locator("figure").all()
    assert len(figures) >= 6
    for figure in figures:
        (shown,) = [each for each in figure.locator("svg").all() if each.is_visible()]
        box = shown.bounding_box()
        assert box is not None
        assert box["width"] > 250
        assert box["height"] > 100
    assert browser.complaints == []
