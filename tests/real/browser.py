"""A Chromium that tells what it complained about."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
PHONE = {"width": 360, "height": 800}
DESK = {"width": 1280, "height": 800}


@dataclass
class Browser:
    """A Chromium with an empty profile, and everything it complained about."""

    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    def open(self, url: str, size: dict[str, int] = DESK, **media: Any) -> Page:
        page = self.context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(**media)
        page.goto(url, wait_until="domcontentloaded")
        return page

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    profile = tmp_path_factory.mktemp("profile")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            profile, executable_path=found, headless=True, args=QUIET
        )
        yield context
        context.close()


@pytest.fixture
def browser(chromium: BrowserContext) -> Iterator[Browser]:
    opened = Browser(chromium)
    yield opened
    for page in chromium.pages[1:]:
        page.close()
