"""Rows as points: a colour for the backend, a shape for the precision, a short name for the rest.

A key above the plot says which colour and which shape is what, so that a name need not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from edge_emotion.bench.labels import Label
from edge_emotion.bench.naming import backend_name, precision_name
from edge_emotion.bench.report import Result
from edge_emotion.plots.canvas import FONT_SIZE, WIDE
from edge_emotion.plots.palette import MUTED, SURFACE

MARKER_SIZE = 8
_SHAPES = {"int8": "o", "bf16": "D", "fp16": "^", "fp32": "s"}
_LINE = 18
"""Pixels from one line of the key to the next."""


def draw_point(axes: Any, x: float, y: float, row: Result, colour: str) -> None:
    """A row's point; filled where it runs in INT8."""
    axes.plot([x], [y], zorder=3, **_marker(row.precision, colour))


def annotate(axes: Any, label: Label, point: tuple[float, float], colour: str) -> None:
    """Write a name with a thin line to its point, which may not be the nearest one."""
    axes.annotate(
        label.text,
        xy=point,
        xytext=axes.transData.inverted().transform((label.x, label.y)),
        color=colour,
        fontsize=FONT_SIZE,
        ha=label.align,
        va="center",
        linespacing=1.15,
        arrowprops={
            "arrowstyle": "-",
            "color": colour,
            "linewidth": 0.8,
            "alpha": 0.7,
            "shrinkA": 1,
            "shrinkB": 5,
        },
    )


def key_height(rows: Sequence[Result], width: int) -> int:
    """Pixels that a key takes above a plot of this width."""
    return _LINE * (_backend_lines(rows, width) + 1) + 8


def draw_key(figure: Figure, rows: Sequence[Result], tints: dict[str, str], width: int) -> None:
    """Backends by colour, and below them precisions by shape, those of these rows alone."""
    backends = list(dict.fromkeys(row.backend for row in rows))
    precisions = [each for each in _SHAPES if each in {row.precision for row in rows}]
    colours = [
        Line2D([], [], color=tints[each], linewidth=4, label=backend_name(each))
        for each in backends
    ]
    shapes = [
        Line2D([], [], linestyle="", label=precision_name(each), **_marker(each, MUTED))
        for each in precisions
    ]
    below = _LINE * _backend_lines(rows, width)
    for entries, columns, offset in (
        (colours, _columns(width), 0),
        (shapes, len(shapes), below),
    ):
        figure.legend(
            handles=entries,
            loc="upper left",
            bbox_to_anchor=(0, 1 - offset / figure.bbox.height),
            ncols=columns,
            frameon=False,
            fontsize=FONT_SIZE,
            labelcolor=MUTED,
            handlelength=1.2,
            handletextpad=0.5,
            columnspacing=1.4,
            borderaxespad=0.2,
        )


def _marker(precision: str, colour: str) -> dict[str, Any]:
    return {
        "marker": _SHAPES[precision],
        "markersize": MARKER_SIZE,
        "markeredgecolor": colour,
        "markerfacecolor": colour if precision == "int8" else SURFACE,
        "markeredgewidth": 1.8,
    }


def _columns(width: int) -> int:
    return 4 if width == WIDE else 2


def _backend_lines(rows: Sequence[Result], width: int) -> int:
    return math.ceil(len({row.backend for row in rows}) / _columns(width))
