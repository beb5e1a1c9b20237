"""The roofline as text: the machine's roofs, and every row under them."""

from __future__ import annotations

from edge_emotion.bench.naming import (
    backend_name,
    milliseconds,
    model_name,
    precision_name,
)
from edge_emotion.bench.report import Report, Result
from edge_emotion.bench.roofline import Position
from edge_emotion.bench.table import Column

ROOF_COLUMNS = (
    Column("model", figures=False),
    Column("backend", figures=False),
    Column("threads"),
    Column("batch"),
    Column("p50"),
    Column("ideal"),
    Column("p50 ÷ ideal"),
    Column("GMAC/s"),
    Column("MAC/byte"),
    Column("lower roof", figures=False),
)
ROOF_CAPTION = (
    "p50 and ideal in milliseconds; ideal is the row's multiply-accumulates ÷ the convolution peak "
    "of its precision and thread count."
)


def roof_rows(report: Report) -> list[tuple[str, ...]]:
    """Every row that the roofs hold for, in the order of ``ROOF_COLUMNS``."""
    return [_cells(row, row.roofline) for row in report.measured if row.roofline is not None]


def roofs(report: Report) -> list[str]:
    """What was measured of the machine, a line for each thread count."""
    if report.roofline is None:
        return []
    lines = []
    for slope in report.roofline.bandwidths:
        peaks = ", ".join(
            f"{precision_name(peak.precision)} {peak.gmacs:,.0f}"
            for peak in report.roofline.peaks
            if peak.threads == slope.threads
        )
        threads = "1 thread" if slope.threads == 1 else f"{slope.threads} threads"
        lines.append(
            f"{threads}: {peaks} GMAC/s in convolutions; memory {slope.gb_per_s:.1f} GB/s, read "
            f"and written together."
        )
    return lines


def roof_method(report: Report) -> str:
    """How the roofs were measured."""
    if report.roofline is None:
        return ""
    return (
        " Peaks are of stacks of eight 3×3 convolutions of 128 to 256 channels, run by OpenVINO: "
        "the best of several shapes, timed in the same rounds as the rows. Bandwidth is the best "
        "of some copies of arrays of at least four times the last-level cache. A row's bytes are "
        "its weights, faces and logits, as if every call fetched them from memory anew."
    )


def _cells(row: Result, position: Position) -> tuple[str, ...]:
    return (
        model_name(row),
        backend_name(row.backend),
        str(row.threads),
        str(row.batch),
        milliseconds(row.latency.p50),
        milliseconds(position.ideal_ms),
        f"{position.time_over_ideal:.2f}",
        f"{position.gmacs:,.0f}",
        f"{position.macs_per_byte:,.0f}",
        position.bound,
    )
