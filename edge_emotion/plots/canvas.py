"""An empty picture in the house's manner: a figure with margins in pixels and quiet axes."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from edge_emotion.plots.palette import MUTED, RULE

WIDE, NARROW = 720, 360
"""Widths in CSS pixels, for desks and for phones; text keeps its size in both."""
FONT_SIZE = 11

_DPI = 72


def canvas(
    width: int, height: int, *, left: int, bottom: int, top: int, right: int
) -> tuple[Figure, Any]:
    """A figure with margins in pixels."""
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI)
    axes = figure.add_axes(
        (
            left / width,
            bottom / height,
            (width - left - right) / width,
            (height - bottom - top) / height,
        )
    )
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(RULE)
    axes.tick_params(colors=MUTED, labelsize=FONT_SIZE, length=0, pad=6)
    axes.set_axisbelow(True)
    return figure, axes


def name(axis: Any, text: str) -> None:
    """Say what an axis shows."""
    axis.set_label_text(text, color=MUTED, fontsize=FONT_SIZE)
    axis.labelpad = 8
