"""Accuracy against latency, with intervals, in a wide and a narrow form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from edge_emotion.bench.axes import colours, full_name, short_name, time_axis
from edge_emotion.bench.figures import Latency
from edge_emotion.bench.key import annotate, draw_key, draw_point, key_height
from edge_emotion.bench.labels import Box, place
from edge_emotion.bench.naming import milliseconds, percent
from edge_emotion.bench.page import Picture
from edge_emotion.bench.pareto import frontier
from edge_emotion.bench.report import Report, Result
from edge_emotion.bench.verdict import smallest_batch
from edge_emotion.plots.canvas import NARROW, WIDE, canvas, name
from edge_emotion.plots.palette import MUTED, RULE
from edge_emotion.plots.svg import inline

_CAPTION = (
    "Up and to the left is better. The whisker to the right ends at the 95th percentile, the "
    "vertical one is the 95 % interval of the accuracy. Nothing measured beats the dashed line in "
    "both speed and accuracy. A name that finds no room is in the table only."
)


@dataclass(frozen=True)
class _Point:
    """A row with everything a plot needs."""

    row: Result
    latency: Latency
    accuracy: float
    low: float
    high: float
    colour: str
    name: str
    short: str


def pareto_plot(report: Report) -> Picture | None:
    """Accuracy against latency at the smallest batch; ``None`` without accuracy figures."""
    points = _points(report)
    if not points:
        return None
    description = "Accuracy against median latency. " + " ".join(
        f"{p.name}: {milliseconds(p.latency.p50)} ms, {percent(p.accuracy)}."
        for p in sorted(points, key=lambda point: point.latency.p50)
    )
    wide, narrow = (_draw(points, width) for width in (WIDE, NARROW))
    return Picture(
        title="Accuracy against latency",
        caption=_CAPTION,
        wide=inline(wide, "pareto-wide", description),
        narrow=inline(narrow, "pareto-narrow", description),
    )


def _points(report: Report) -> list[_Point]:
    """The comparable rows, those on the frontier first: they get their names written first."""
    rows = [row for row in report.measured if row.batch == smallest_batch(report)]
    tints = colours(report)
    points = [
        _Point(
            row=row,
            latency=row.latency,
            accuracy=row.accuracy,
            low=row.accuracy_ci95[0],
            high=row.accuracy_ci95[1],
            colour=tints[row.backend],
            name=full_name(row, rows),
            short=short_name(row, rows),
        )
        for row in rows
        if row.accuracy is not None and row.accuracy_ci95 is not None
    ]
    best = _frontier(points)
    return best + [point for point in points if point not in best]


def _frontier(points: Sequence[_Point]) -> list[_Point]:
    return [points[i] for i in frontier([(p.latency.p50, p.accuracy) for p in points])]


def _draw(points: Sequence[_Point], width: int) -> Figure:
    rows = [p.row for p in points]
    top = key_height(rows, width)
    figure, axes = canvas(width, 390 + top, left=52, bottom=44, top=top, right=14)
    draw_key(figure, rows, {p.row.backend: p.colour for p in points}, width)
    low = min(p.low for p in points) * 100
    high = max(p.high for p in points) * 100
    margin = max(0.12 * (high - low), 0.5)
    axes.set_ylim(low - margin, high + margin)
    time_axis(axes, min(p.latency.p50 for p in points), max(p.latency.p95 for p in points), 1.35)
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    name(axes.yaxis, "accuracy, %")
    best = _frontier(points)
    axes.plot(
        [p.latency.p50 for p in best],
        [p.accuracy * 100 for p in best],
        color=MUTED,
        linewidth=1.2,
        linestyle=(0, (4, 3)),
        drawstyle="steps-post",
        zorder=1,
    )
    for p in points:
        _draw_point(axes, p)
    at = axes.transData.transform([(p.latency.p50, p.accuracy * 100) for p in points]).tolist()
    area = tuple(axes.get_window_extent().extents)
    labels = place(at, [p.short for p in points], area, _whiskers(axes, points))
    for point, label in zip(points, labels, strict=True):
        if label is not None:
            at_point = (point.latency.p50, point.accuracy * 100)
            annotate(axes, label, at_point, point.colour)
    return figure


def _whiskers(axes: Any, points: Sequence[_Point]) -> list[Box]:
    """Every point's two lines in pixels."""
    ends = [
        corners
        for p in points
        for corners in (
            [(p.latency.p50, p.low * 100), (p.latency.p50, p.high * 100)],
            [(p.latency.p50, p.accuracy * 100), (p.latency.p95, p.accuracy * 100)],
        )
    ]
    return [tuple(axes.transData.transform(pair).ravel().tolist()) for pair in ends]


def _draw_point(axes: Any, p: _Point) -> None:
    x, y = p.latency.p50, p.accuracy * 100
    axes.plot([x, x], [p.low * 100, p.high * 100], color=p.colour, linewidth=1.2, alpha=0.4)
    axes.plot([x, p.latency.p95], [y, y], color=p.colour, linewidth=1.2, alpha=0.4)
    draw_point(axes, x, y, p.row, p.colour)
