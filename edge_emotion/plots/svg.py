"""Turn matplotlib's SVG into SVG that lives in a page: scaling, themed, with text as text."""

from __future__ import annotations

import io
import re
from html import escape
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from edge_emotion.plots.palette import SURFACE, VARIABLES, theme

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
_HALO = "svg text{paint-order:stroke;stroke:var(--surface,#ffffff);stroke-width:3px}"
"""Keeps text readable where a line passes behind it."""
_RC: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
}


def inline(figure: Figure, name: str, description: str) -> str:
    """An ``<svg>`` element to be put into a page that has ``theme``'s properties.

    Args:
        figure: drawn in the colours of ``palette``, at 72 dots per inch.
        name: prefix of its ids, unique in the page.
        description: what a reader who cannot see the figure needs to know.
    """
    buffer = io.StringIO()
    with rc_context({**_RC, "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(href="#|url\(#)', rf"\1{name}-", text)
    text = re.sub(r"'DejaVu Sans'[^;\"]*", f"var(--font, {_FONT})", text)
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, f"var({variable}, {colour})")
    start = text.index(">")
    view_box = re.search(r'viewBox="[^"]*"', text[:start])
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'{view_box.group() if view_box else ""} role="img" '
        f'aria-label="{escape(description)}" stroke-linejoin="round"><style>{_HALO}</style>'
    )
    return head + text[start + 1 :].strip()


def standalone(svg: str, title: str) -> str:
    """An SVG file of its own, on a background, following the viewer's light or dark theme.

    Args:
        svg: what ``inline`` gave; its description becomes the file's ``<desc>``.
        title: what a screen reader calls the picture, and a browser its tab.
    """
    end = svg.index(">") + 1
    head, drawing = svg[:end], svg[end:]
    label = re.search(r'aria-label="([^"]*)"', head)
    described = label.group(1) if label else ""
    head = re.sub(r'aria-label="[^"]*"', 'aria-labelledby="title" aria-describedby="desc"', head)
    texts = f'<title id="title">{escape(title)}</title><desc id="desc">{described}</desc>'
    backdrop = f'<rect width="100%" height="100%" rx="6" fill="var(--surface, {SURFACE})"/>'
    return f"{head}{texts}<style>{theme()}</style>{backdrop}{drawing}\n"
