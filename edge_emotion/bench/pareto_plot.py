"""Accuracy against latency, with intervals, in a wide and a narrow form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from edge_emotion.bench.axes import colours, full_name, time_axis
from edge_emotion.bench.figures import Latency
from edge_emotion.bench.labels import Box, Label, place
from edge_emotion.bench.naming import milliseconds, percent
from edge_emotion.bench.page import Picture
from edge_emotion.bench.pareto import frontier
from edge_emotion.bench.report import Report, Result
from edge_emotion.bench.verdict import smallest_batch
from edge_emotion.plots.canvas import FONT_SIZE, NARROW, WIDE, canvas, name
from edge_emotion.plots.palette import MUTED, RULE, SURFACE
from edge_emotion.plots.svg import inline

MARKERS = {"int8": "o", "bf16": "D", "fp16": "D", "fp32": "s"}
"""Shape of a point, by what its row runs in."""
_CAPTION = (
    "Up and to the left is better. The whisker to the right ends at the 95th percentile, the "
    "vertical one is the 95 % interval of the accuracy. Filled circles run in INT8, open diamonds "
    "in BF16 or FP16, open squares in FP32. Nothing measured beats the dashed line in both speed "
    "and accuracy. A name that finds no room is in the table only."
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
        )
        for row in rows
        if row.accuracy is not None and row.accuracy_ci95 is not None
    ]
    best = _frontier(points)
    return best + [point for point in points if point not in best]


def _frontier(points: Sequence[_Point]) -> list[_Point]:
    return [points[i] for i in frontier([(p.latency.p50, p.accuracy) for p in points])]


def _draw(points: Sequence[_Point], width: int) -> Figure:
    height = 400 if width == WIDE else 420
    figure, axes = canvas(width, height, left=52, bottom=44, top=14, right=14)
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
    labels = place(at, [_short(p, width) for p in points], area, _whiskers(axes, points))
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


def _short(point: _Point, width: int) -> str:
    return point.name if width == WIDE else point.name.replace(" · ", "\n", 1)


def _draw_point(axes: Any, p: _Point) -> None:
    x, y = p.latency.p50, p.accuracy * 100
    axes.plot([x, x], [p.low * 100, p.high * 100], color=p.colour, linewidth=1.2, alpha=0.55)
    axes.plot([x, p.latency.p95], [y, y], color=p.colour, linewidth=1.2, alpha=0.55)
    filled = p.row.precision == "int8"
    axes.plot(
        [x],
        [y],
        marker=MARKERS[p.row.precision],
        markersize=8,
        markeredgecolor=p.colour,
        markerfacecolor=p.colour if filled else SURFACE,
        markeredgewidth=1.8,
        zorder=3,
    )


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
