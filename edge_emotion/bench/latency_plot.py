"""How the timed calls of each row are distributed, in a wide and a narrow form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from edge_emotion.bench.axes import colours, full_name, time_axis
from edge_emotion.bench.figures import Latency
from edge_emotion.bench.naming import milliseconds
from edge_emotion.bench.page import Picture
from edge_emotion.bench.report import Report, Samples
from edge_emotion.plots.canvas import FONT_SIZE, NARROW, WIDE, canvas
from edge_emotion.plots.palette import INK, RULE
from edge_emotion.plots.svg import inline

_BAND = 58
"""Height of one row in pixels."""
_RIDGE = 0.55
"""Height of its distribution, of the row's."""
_TICK = 0.16
_LABEL = 0.78
_BINS = 160
_CAPTION = (
    "Each shape is the distribution of one row's timed calls, scaled to the same height. The full "
    "line is the median, the short ones are the 95th and 99th percentile; calls slower than every "
    "row's 99th are outside the picture and in samples.json."
)


@dataclass(frozen=True)
class _Ridge:
    """One row of the plot; times in milliseconds."""

    name: str
    latency: Latency
    times: npt.NDArray[np.float64]
    colour: str


def latency_plot(report: Report, samples: Samples) -> Picture:
    """The distributions one above another, fastest row on top, on one axis."""
    raw, tints = samples.by_row(), colours(report)
    ridges = [
        _Ridge(
            full_name(row, report.measured),
            row.latency,
            np.asarray(raw[row.key].samples_ns) / 1e6,
            tints[row.backend],
        )
        for row in sorted(report.measured, key=lambda row: row.latency.p50)
    ]
    description = "Distribution of latency. " + " ".join(
        f"{ridge.name}: median {milliseconds(ridge.latency.p50)} ms, "
        f"99th percentile {milliseconds(ridge.latency.p99)} ms."
        for ridge in ridges
    )
    wide, narrow = (_draw(ridges, width) for width in (WIDE, NARROW))
    return Picture(
        title="Latency, call by call",
        caption=_CAPTION,
        wide=inline(wide, "latency-wide", description),
        narrow=inline(narrow, "latency-narrow", description),
    )


def _draw(ridges: Sequence[_Ridge], width: int) -> Figure:
    height = _BAND * len(ridges) + 58
    figure, axes = canvas(width, height, left=4, bottom=44, top=6, right=4)
    low = min(ridge.latency.min for ridge in ridges)
    time_axis(axes, low, max(ridge.latency.p99 for ridge in ridges), 1.08)
    axes.set_ylim(-0.08, len(ridges))
    axes.spines["left"].set_visible(False)
    axes.tick_params(left=False, labelleft=False)
    for base, ridge in enumerate(reversed(ridges)):
        _draw_shape(axes, base, ridge)
        _draw_marks(axes, base, ridge)
        _write(axes, base, ridge)
    return figure


def _draw_shape(axes: Any, base: int, ridge: _Ridge) -> None:
    """A smoothed histogram over the logarithm of time, scaled to the row's height."""
    left, right = axes.get_xlim()
    edges = np.geomspace(left, right, _BINS + 1)
    counts, _ = np.histogram(ridge.times, edges)
    kernel = np.exp(-0.5 * np.square(np.arange(-3, 4) / 1.2))
    density = np.convolve(counts, kernel, mode="same")
    shown = np.flatnonzero(density > 0.003 * density.max())
    span = slice(max(shown[0] - 1, 0), shown[-1] + 2)
    middles = np.sqrt(edges[:-1] * edges[1:])[span]
    top = base + _RIDGE * density[span] / density.max()
    axes.fill_between(middles, base, top, color=ridge.colour, alpha=0.28, linewidth=0)
    axes.plot(middles, top, color=ridge.colour, linewidth=1.1)


def _draw_marks(axes: Any, base: int, ridge: _Ridge) -> None:
    axes.axhline(base, color=RULE, linewidth=0.8, zorder=0)
    axes.plot([ridge.latency.p50] * 2, [base, base + _RIDGE], color=ridge.colour, linewidth=2)
    for value in (ridge.latency.p95, ridge.latency.p99):
        axes.plot([value] * 2, [base, base + _TICK], color=ridge.colour, linewidth=1.4)


def _write(axes: Any, base: int, ridge: _Ridge) -> None:
    where = {"transform": axes.get_yaxis_transform(), "va": "center", "fontsize": FONT_SIZE}
    axes.text(0, base + _LABEL, ridge.name, color=INK, **where)
    median = f"{milliseconds(ridge.latency.p50)} ms"
    axes.text(1, base + _LABEL, median, color=ridge.colour, ha="right", **where)
