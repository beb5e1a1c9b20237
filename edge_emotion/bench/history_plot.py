"""How every row went from run to run on this machine, in a wide and a narrow form."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from edge_emotion.bench.history import HistoryEntry, HistoryRow
from edge_emotion.bench.naming import backend_name, moment
from edge_emotion.bench.page import Picture
from edge_emotion.plots.canvas import FONT_SIZE, NARROW, WIDE, canvas, name
from edge_emotion.plots.palette import INK, RULE, SERIES
from edge_emotion.plots.svg import inline

_HEIGHT, _LINE = 220, 18
_CAPTION = (
    "Time of each row ÷ its time in the first run shown, both in yardsticks of their run, so that "
    "the machine's own drift is left out. Runs of other processors are not shown."
)


def history_plot(entries: Sequence[HistoryEntry]) -> Picture | None:
    """One line a row over all runs of the newest run's processor; ``None`` with a single run."""
    runs = [entry for entry in entries if entry.cpu == entries[-1].cpu]
    if len(runs) < 2:
        return None
    courses = [_Course(row, runs) for row in runs[-1].rows]
    description = f"Time since {moment(runs[0].date)}. " + " ".join(
        f"{course.name}: {course.ratios[-1]:.2f} of the first run." for course in courses
    )
    wide, narrow = (_draw(courses, width) for width in (WIDE, NARROW))
    return Picture(
        title="From run to run",
        caption=_CAPTION,
        wide=inline(wide, "history-wide", description),
        narrow=inline(narrow, "history-narrow", description),
    )


class _Course:
    """One row through the runs that have it."""

    def __init__(self, row: HistoryRow, runs: Sequence[HistoryEntry]) -> None:
        found = [
            (number, each.yardsticks)
            for number, run in enumerate(runs, 1)
            for each in run.rows
            if each.key == row.key
        ]
        self.name = (
            f"{row.model} {row.precision} · {backend_name(row.backend)} · {row.threads} thr · "
            f"batch {row.batch}"
        )
        self.numbers = [number for number, _ in found]
        self.ratios = [time / found[0][1] for _, time in found]


def _draw(courses: Sequence[_Course], width: int) -> Figure:
    height = _HEIGHT + _LINE * len(courses)
    figure, axes = canvas(
        width, height, left=48, bottom=44 + _LINE * len(courses), top=10, right=10
    )
    for place, course in enumerate(courses):
        colour = SERIES[place % len(SERIES)]
        axes.plot(course.numbers, course.ratios, color=colour, linewidth=1.6, marker="o", ms=4)
        y = (_LINE * (len(courses) - place) - _LINE / 2) / height
        figure.text(10 / width, y, "●", color=colour, fontsize=FONT_SIZE, va="center")
        label = f"{course.name}: {course.ratios[-1]:.2f}"
        figure.text(26 / width, y, label, color=INK, fontsize=FONT_SIZE, va="center")
    axes.axhline(1, color=RULE, linewidth=0.8, zorder=0)
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.2f}"))
    name(axes.xaxis, "run")
    return figure
