"""Faces a second over batch sizes, or over threads, of every model on every backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from edge_emotion.bench.axes import colours, log_ticks
from edge_emotion.bench.naming import row_name
from edge_emotion.bench.page import Picture
from edge_emotion.bench.report import Report, Result
from edge_emotion.plots.canvas import FONT_SIZE, NARROW, WIDE, canvas, name
from edge_emotion.plots.palette import INK, MUTED, RULE
from edge_emotion.plots.svg import inline

_BAND = 40
"""Height of one line in pixels."""
_NAME = 0.42
"""Where, in bands above the line, its name is written."""
_STRETCH = 1.25


@dataclass(frozen=True)
class _Course:
    """One line of the plot.

    Args:
        name: of the rows, without what varies along it.
        colour: of the backend.
        points: what varies → faces a second.
    """

    name: str
    colour: str
    points: dict[int, float]


def scaling_plot(report: Report) -> Picture | None:
    """A line each, fastest on top; ``None`` where neither batch size nor threads vary."""
    rows = [row for row in report.measured if row.throughput_ips]
    if len({row.batch for row in rows}) > 1:
        along, rest, what = _batch, _threads, "batch size"
    elif len({row.threads for row in rows}) > 1:
        along, rest, what = _threads, _batch, "number of threads"
    else:
        return None
    courses = _courses(rows, along, rest, colours(report))
    description = f"Faces a second by {what}. " + " ".join(
        f"{course.name}: " + ", ".join(f"{n}: {ips:,.0f}" for n, ips in course.points.items()) + "."
        for course in courses
    )
    wide, narrow = (_draw(courses, width) for width in (WIDE, NARROW))
    return Picture(
        title=f"Faces a second by {what}",
        caption=f"A point for each {what}, which stands beside it; further right is faster.",
        wide=inline(wide, "scaling-wide", description),
        narrow=inline(narrow, "scaling-narrow", description),
    )


def _batch(row: Result) -> int:
    return row.batch


def _threads(row: Result) -> int:
    return row.threads


def _courses(
    rows: Sequence[Result],
    along: Callable[[Result], int],
    rest: Callable[[Result], int],
    tints: dict[str, str],
) -> list[_Course]:
    """Those of several points; rows that differ in threads beside batch size have lines each."""
    several = len({rest(row) for row in rows}) > 1
    groups: dict[str, list[Result]] = {}
    for row in sorted(rows, key=along):
        title = row_name(row)
        if several:
            title += f" · {rest(row)} {'thread' if rest(row) == 1 else 'threads'}"
        groups.setdefault(title, []).append(row)
    found = [
        _Course(title, tints[group[0].backend], {along(r): r.throughput_ips or 0 for r in group})
        for title, group in groups.items()
        if len(group) > 1
    ]
    return sorted(found, key=lambda course: -max(course.points.values()))


def _draw(courses: Sequence[_Course], width: int) -> Figure:
    figure, axes = canvas(width, _BAND * len(courses) + 58, left=8, bottom=44, top=6, right=24)
    known = [ips for course in courses for ips in course.points.values()]
    low, high = min(known) / _STRETCH, max(known) * _STRETCH
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    log_ticks(axes.xaxis, low, high)
    axes.grid(axis="x", color=RULE, linewidth=0.8)
    axes.set_ylim(-0.6, len(courses) - 0.2)
    axes.spines["left"].set_visible(False)
    axes.tick_params(left=False, labelleft=False)
    name(axes.xaxis, "faces a second, logarithmic")
    for base, course in enumerate(reversed(courses)):
        _draw_course(axes, base, course)
    return figure


def _draw_course(axes: Any, base: int, course: _Course) -> None:
    speeds = list(course.points.values())
    axes.plot(speeds, [base] * len(speeds), color=course.colour, linewidth=1.6, marker="o", ms=5)
    axes.text(
        0, base + _NAME, course.name, color=INK, va="center", fontsize=FONT_SIZE,
        transform=axes.get_yaxis_transform(),
    )  # fmt: skip
    slow, fast = min(speeds), max(speeds)
    for number, ips in course.points.items():
        side = -1 if ips == slow else 1 if ips == fast else 0
        axes.annotate(
            str(number),
            (ips, base),
            (side * 8, 0 if side else -12),
            textcoords="offset points",
            ha=("right", "center", "left")[side + 1],
            va="center_baseline",
            color=MUTED,
            fontsize=FONT_SIZE - 1,
        )
