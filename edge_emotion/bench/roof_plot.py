"""Rows under the roofs of the machine, in a wide and a narrow form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from edge_emotion.bench.axes import colours, full_name, log_ticks, short_name
from edge_emotion.bench.key import MARKER_SIZE, annotate, draw_key, draw_point, key_height
from edge_emotion.bench.labels import Box, place
from edge_emotion.bench.naming import precision_name
from edge_emotion.bench.page import Picture
from edge_emotion.bench.report import Report, Result
from edge_emotion.bench.roofline import Bandwidth, Peak, Position
from edge_emotion.plots.canvas import FONT_SIZE, NARROW, WIDE, canvas, name
from edge_emotion.plots.palette import MUTED, RULE
from edge_emotion.plots.svg import inline

_STRETCH = 1.8
_ROOF_NAME = 68
"""Pixels that the name of a roof takes."""
_CAPTION = (
    "The flat lines are the convolution peaks of this machine, the slope is its memory bandwidth: "
    "a row cannot lie above the roof of its precision, and the nearer it comes the less there is "
    "left to gain. A name that finds no room is in the table only."
)

Placed = tuple[Result, Position]


def roof_plot(report: Report) -> Picture | None:
    """Rows and roofs at the smallest thread count measured; ``None`` without a roofline."""
    if report.roofline is None or not report.roofline.bandwidths:
        return None
    slope = min(report.roofline.bandwidths, key=lambda each: each.threads)
    peaks = [peak for peak in report.roofline.peaks if peak.threads == slope.threads]
    placed = [
        (row, row.roofline)
        for row in report.measured
        if row.threads == slope.threads and row.roofline is not None
    ]
    if not placed:
        return None
    among = [row for row, _ in placed]
    description = f"Roofline with {slope.threads} threads. " + " ".join(
        f"{full_name(row, among)}: {position.gmacs:,.0f} GMAC/s, "
        f"{position.time_over_ideal:.2f} times its ideal time."
        for row, position in placed
    )
    tints = colours(report)
    wide, narrow = (_draw(placed, peaks, slope, tints, width) for width in (WIDE, NARROW))
    threads = "one thread" if slope.threads == 1 else f"{slope.threads} threads"
    return Picture(
        title=f"Under the roof of this machine, {threads}",
        caption=_CAPTION,
        wide=inline(wide, "roof-wide", description),
        narrow=inline(narrow, "roof-narrow", description),
    )


def _draw(
    placed: Sequence[Placed],
    peaks: Sequence[Peak],
    slope: Bandwidth,
    tints: dict[str, str],
    width: int,
) -> Figure:
    rows = [row for row, _ in placed]
    above = key_height(rows, width)
    figure, axes = canvas(width, 410 + above, left=56, bottom=44, top=above, right=14)
    draw_key(figure, rows, tints, width)
    intensities = [position.macs_per_byte for _, position in placed]
    ridges = [peak.gmacs / slope.gb_per_s for peak in peaks]
    left = min(*intensities, *ridges) / _STRETCH
    right = max(*intensities, *ridges) * _STRETCH
    top = max(peak.gmacs for peak in peaks) * _STRETCH
    bottom = min(*(p.gmacs for _, p in placed), left * slope.gb_per_s) / _STRETCH
    axes.set(xscale="log", yscale="log", xlim=(left, right), ylim=(bottom, top))
    for axis, low, high in ((axes.xaxis, left, right), (axes.yaxis, bottom, top)):
        log_ticks(axis, low, high)
    axes.grid(color=RULE, linewidth=0.8)
    name(axes.xaxis, "multiply-accumulates a byte, logarithmic")
    name(axes.yaxis, "GMAC/s, logarithmic")
    roofs = _draw_roofs(axes, peaks, slope, (left, right))
    _draw_rows(axes, placed, tints)
    _name_rows(axes, placed, tints, roofs, width)
    return figure


def _draw_roofs(
    axes: Any, peaks: Sequence[Peak], slope: Bandwidth, limits: tuple[float, float]
) -> list[Box]:
    """Draw them with their names; the flat ones in pixels, each with the room of its name."""
    left, right = limits
    line = {"color": MUTED, "linewidth": 1.4, "zorder": 1}
    highest = max(peak.gmacs for peak in peaks)
    axes.plot([left, highest / slope.gb_per_s], [left * slope.gb_per_s, highest], **line)
    taken: list[Box] = []
    for peak in peaks:
        ends = [(peak.gmacs / slope.gb_per_s, peak.gmacs), (right, peak.gmacs)]
        axes.plot(*zip(*ends, strict=True), **line)
        axes.annotate(
            f"{precision_name(peak.precision)} {peak.gmacs:,.0f}",
            (right, peak.gmacs),
            xytext=(-2, 4),
            textcoords="offset points",
            ha="right",
            color=MUTED,
            fontsize=FONT_SIZE,
        )
        start, end, height = axes.transData.transform(ends)[[0, 1, 1], [0, 0, 1]].tolist()
        taken += [(start, height, end, height), (end - _ROOF_NAME, height, end, height + 16)]
    return taken


def _draw_rows(axes: Any, placed: Sequence[Placed], tints: dict[str, str]) -> None:
    for row, position in placed:
        draw_point(axes, position.macs_per_byte, position.gmacs, row, tints[row.backend])


def _name_rows(
    axes: Any, placed: Sequence[Placed], tints: dict[str, str], roofs: Sequence[Box], width: int
) -> None:
    """Names beside the points; on a phone there is room for those of the smallest batch."""
    smallest = min(row.batch for row, _ in placed)
    named = [each for each in placed if width == WIDE or each[0].batch == smallest]
    among = [row for row, _ in named]
    points = [(position.macs_per_byte, position.gmacs) for _, position in named]
    at = axes.transData.transform(points).tolist()
    names = [short_name(row, among) for row in among]
    area = tuple(axes.get_window_extent().extents)
    others = [position for row, position in placed if row not in among]
    lines = [*roofs, *(_around(axes, position) for position in others)]
    for point, row, label in zip(points, among, place(at, names, area, lines), strict=True):
        if label is not None:
            annotate(axes, label, point, tints[row.backend])


def _around(axes: Any, position: Position) -> Box:
    x, y = axes.transData.transform((position.macs_per_byte, position.gmacs)).tolist()
    return (x - MARKER_SIZE, y - MARKER_SIZE, x + MARKER_SIZE, y + MARKER_SIZE)
