"""The live page in a real browser, while a loop runs."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from edge_emotion.camera import CameraLoop, Grab, Source
from edge_emotion.camera.clip import FRAMES, HOPPER, RATE, DemoClip
from edge_emotion.camera.disclosure import Disclosure
from edge_emotion.camera.serve import ServeAddress, open_live
from edge_emotion.inference import FacePipeline
from edge_emotion.vision.conceal import Concealer
from tests.real.browser import DESK, PHONE, Browser
from tests.real.live import TOKEN

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.real


class EndlessDemo(Source):
    """The demo clip over and over, at its own pace, as a camera would."""

    live = True
    rate = RATE

    def __init__(self, text: str) -> None:
        self._name = text
        self._clip = DemoClip()
        self._given = 0

    @classmethod
    def recognises(cls, text: str) -> bool:
        return text == "endless"

    def grab(self) -> Grab | None:
        time.sleep(1 / RATE)
        self._given += 1
        return Grab(self._clip.frame(self._given % FRAMES), self._given / RATE)

    def describe(self) -> str:
        return self._name

    def close(self) -> None: ...


NOTICE = "Eine Kamera liest hier Gefühle: Fragen an die Rezeption <b>"


@contextmanager
def running_loop(model: Path, *names: str, token: str | None = None) -> Iterator[str]:
    """A loop on endless demos; gives the page's URL."""

    def open_pipeline() -> FacePipeline:
        return FacePipeline(str(model), "onnxruntime", "haar", threads=1)

    hidden = token is not None
    told = Disclosure(NOTICE if hidden else None, hidden)
    sources = [EndlessDemo(name) for name in names]
    address = ServeAddress("127.0.0.1", 0, token)
    sink = open_live(address, len(sources), open_pipeline, {}, told)
    with open_pipeline() as pipeline:
        conceal = Concealer if hidden else None
        loop = CameraLoop(sources, pipeline, [sink], conceal=conceal, notice=told.notice)
        thread = threading.Thread(target=loop.run)
        thread.start()
        try:
            yield sink.url
        finally:
            loop.stop()
            thread.join()
            sink.close()


@pytest.fixture(scope="module")
def url(model: Path) -> Iterator[str]:
    with running_loop(model, "demo", "garden gate") as at:
        yield at


def until(page: Page, condition: str) -> None:
    """Wait for a condition; ``wait_for_function`` would need ``eval``, which the page forbids.

    After a form is sent, the page before it may still answer: a condition names what may be missing
    with a question mark.
    """
    deadline = time.monotonic() + 20
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(100)


def keep(page: Page, name: str) -> None:
    """Leave a picture for people where ``EDGE_EMOTION_SCREENSHOTS`` says."""
    folder = os.environ.get("EDGE_EMOTION_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


READY = (
    "document.querySelector('#state')?.textContent === 'Live'"
    " && document.querySelector('#video')?.naturalWidth > 0"
    " && document.querySelectorAll('.track').length > 0"
)


@pytest.mark.parametrize(
    ("size", "scheme"),
    [(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")],
    ids=["phone-light", "phone-dark", "desk-light", "desk-dark"],
)
def test_the_page_shows_the_loop(
    browser: Browser, url: str, size: dict[str, int], scheme: str
) -> None:
    page = browser.open(url, size, color_scheme=scheme)
    until(page, READY)
    frames = page.inner_text("#frames")
    until(page, f"document.querySelector('#frames').textContent !== '{frames}'")
    page.wait_for_timeout(1500)
    keep(page, f"{size['width']}-{scheme}")
    for figure, shape in {
        "fps": r"\d+\.\d",
        "p50": r"[\d.]+ ms",
        "p95": r"[\d.]+ ms",
        "age": r"[\d.]+ ms",
        "dropped": r"[\d,]+",
        "reconnects": r"\d+",
        "backend": "onnxruntime",
        "detector": "haar",
        "memory": r"\d+ MB",
    }.items():
        assert re.fullmatch(shape, page.inner_text(f"#{figure}")), figure
    assert page.locator("#stages tr").count() >= 4
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert browser.complaints == []


def test_the_page_can_be_heard_and_typed(browser: Browser, url: str) -> None:
    page = browser.open(url)
    until(page, READY)
    until(page, r"/face \d+ /.test(document.querySelector('#video').alt)")
    canvas = page.locator(".track canvas").first
    assert "in the last minute" in (canvas.get_attribute("aria-label") or "")
    live_regions = page.locator("[aria-live], [role=status], [role=alert]")
    assert live_regions.count() == 1, "what changes all the time is not spoken"
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.id || document.activeElement.textContent")
        )
    assert {"source", "pause", "API", "Metrics"} <= set(reached)
    page.focus("#pause")
    page.keyboard.press("Enter")
    assert page.get_attribute("#pause", "aria-pressed") == "true"
    assert page.get_attribute("#video", "src") is None
    page.keyboard.press("Enter")
    assert page.get_attribute("#video", "src") is not None
    assert browser.complaints == []


def test_another_source_can_be_chosen(browser: Browser, url: str) -> None:
    page = browser.open(url)
    until(page, READY)
    page.select_option("#source", "1")
    assert "/video/1" in (page.get_attribute("#video", "src") or "")
    until(page, "document.querySelector('#video').alt.includes('garden gate')")
    until(page, "document.querySelector('#video').naturalWidth > 0")
    assert browser.complaints == []


CONTRAST = """() => {
  const channel = (v) =>
    ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number);
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
  const probe = document.createElement('i');
  document.body.append(probe);
  const colour = (name) => {
    probe.style.color = `var(--${name})`; return getComputedStyle(probe).color; };
  const ratio = (a, b) => {
    const [x, y] = [light(colour(a)), light(colour(b))].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05); };
  const least = {};
  for (const [kind, names] of Object.entries({
    text: ['ink', 'muted', 'accent', 'good', 'bad'],
    graphic: ['angry', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise', 'uncertain'] }))
    least[kind] = Math.min(...names.flatMap((n) => ['surface', 'ground'].map((g) => ratio(n, g))));
  return least;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_contrast(browser: Browser, url: str, scheme: str) -> None:
    page = browser.open(url, color_scheme=scheme)
    least = page.evaluate(CONTRAST)
    assert least["text"] >= 4.5, "WCAG 2.1, 1.4.3"
    assert least["graphic"] >= 3.0, "WCAG 2.1, 1.4.11"


def test_the_api_page_reads_its_own_description(browser: Browser, url: str, tmp_path: Path) -> None:
    page = browser.open(f"{url}docs", PHONE)
    until(page, "document.querySelectorAll('.operation').length >= 6")
    portrait = tmp_path / "portrait.jpg"
    shutil.copy(HOPPER, portrait)
    page.set_input_files("#file", portrait)
    page.click("#try button")
    until(page, "/\\d+ faces? found/.test(document.querySelector('#outcome').textContent)")
    assert '"probabilities"' in page.inner_text("#answer")
    keep(page, "docs")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert browser.complaints == []


def test_the_token_is_asked_for_once_and_leaves_the_address(browser: Browser, model: Path) -> None:
    with running_loop(model, "hall", token=TOKEN) as url:
        page = browser.open(url, PHONE)
        keep(page, "sign-in")
        browser.complaints.clear()  # a browser writes of every 401
        page.fill("input[name=token]", TOKEN)
        page.click("button")
        until(page, READY)
        assert page.url == url
        assert page.is_visible("#hidden-faces")
        assert page.inner_text("#told") == NOTICE
        page.reload(wait_until="domcontentloaded")
        until(page, READY)
        page.wait_for_timeout(1000)
        keep(page, "hidden-faces")
        assert page.evaluate("document.cookie") == "", "no script reads the cookie"
        assert browser.complaints == []
        page.close()
