"""What the plots of a report have in common: logarithmic axes, names and colours of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from edge_emotion.bench.frozen import RowPrecision
from edge_emotion.bench.naming import row_name
from edge_emotion.bench.report import Report, Result
from edge_emotion.plots.canvas import name
from edge_emotion.plots.palette import RULE, SERIES

_STEPS = np.array([1, 2, 5])


def full_name(row: Result, among: Sequence[Result]) -> str:
    """The row's name, with threads and batch as far as they vary among the rows of a plot."""
    return row_name(row) + _settings(row, among)


def short_name(row: Result, among: Sequence[Result]) -> str:
    """The same without backend and precision, where colour and shape tell them."""
    model = row.model
    for precision in get_args(RowPrecision):
        model = model.removesuffix(f"-{precision}")
    return model + _settings(row, among)


def colours(report: Report) -> dict[str, str]:
    """A colour for each backend."""
    backends = dict.fromkeys(row.backend for row in report.measured)
    return {name: SERIES[i % len(SERIES)] for i, name in enumerate(backends)}


def time_axis(axes: Any, low: float, high: float, stretch: float) -> None:
    """Milliseconds on a logarithmic horizontal axis."""
    axes.set_xscale("log")
    axes.set_xlim(low / stretch, high * stretch)
    log_ticks(axes.xaxis, low / stretch, high * stretch)
    axes.grid(axis="x", color=RULE, linewidth=0.8)
    name(axes.xaxis, "milliseconds a call, logarithmic")


def log_ticks(axis: Any, low: float, high: float) -> None:
    """Ticks at 1, 2 and 5 of every decade."""
    decades = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    axis.set_major_locator(FixedLocator((10.0 ** decades[:, None] * _STEPS).ravel()))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))


def _settings(row: Result, among: Sequence[Result]) -> str:
    settings = ""
    if len({other.threads for other in among}) > 1:
        settings += f" · {row.threads} thr"
    if len({other.batch for other in among}) > 1:
        settings += f" · batch {row.batch}"
    return settings
