"""The report in a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge_emotion.bench.naming import backend_name, milliseconds, model_name, percent
from edge_emotion.bench.report import Report, Result
from edge_emotion.bench.roof_table import roofs
from edge_emotion.bench.table import ABSENT, NotMeasured, not_measured
from edge_emotion.bench.verdict import judge

_BAR = 6
_IDEAL = "÷ ideal"
_NAMES = ("model", "backend")
_TEXTS = (*_NAMES, "")
_EIGHTHS = " ▏▎▍▌▋▊▉"


def render_terminal(report: Report) -> RenderableType:
    """A table of what was measured, a line for what was not, and the verdict."""
    verdict = judge(report)
    parts: list[RenderableType] = [_table(report), Text()] if report.measured else []
    missing = not_measured(report)
    parts += [_reasons(missing), Text()] if missing else []
    parts += [Text(verdict.headline, style="bold")]
    parts += [Text(line) for line in verdict.details]
    if verdict.shipping:
        parts += [Text(), *(Text(line) for line in verdict.shipping)]
    parts += [Text(line, style="yellow") for line in verdict.warnings]
    if report.roofline is not None:
        parts += [Text(), *(Text(line, style="dim") for line in roofs(report))]
    return Group(*parts)


def _table(report: Report) -> Table:
    """Fastest row first; what is the same in all rows, or unknown in all, has no column.

    In a narrow terminal names wrap, so that every figure stays whole.
    """
    fastest_first = sorted(report.measured, key=lambda row: row.latency.p50)
    rows = [_cells(row, fastest_first[-1].latency.p50) for row in fastest_first]
    shown = [title for title in rows[0] if _telling(title, [row[title] for row in rows])]
    if _IDEAL in shown:
        shown.remove("")  # there is no room for both in 80 columns
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for title in shown:
        text = title in _TEXTS
        table.add_column(
            title,
            justify="left" if text else "right",
            style={"model": "bold", "": "cyan"}.get(title),
            no_wrap=title not in _NAMES,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(row[title] for title in shown))
    return table


def _reasons(missing: list[NotMeasured]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="yellow")
    grid.add_column(no_wrap=True)
    grid.add_column(style="dim")
    for each in missing:
        grid.add_row(each.status, each.backend, Text(each.reason))
    return grid


def _telling(title: str, texts: list[str]) -> bool:
    if title in ("thr", "batch"):
        return len(set(texts)) > 1
    return set(texts) != {ABSENT}


def _cells(row: Result, slowest: float) -> dict[str, str]:
    return {
        "model": model_name(row),
        "backend": backend_name(row.backend),
        "thr": str(row.threads),
        "batch": str(row.batch),
        "p50 ms": milliseconds(row.latency.p50),
        "": _bar(row.latency.p50 / slowest),
        "p99 ms": milliseconds(row.latency.p99),
        "faces/s": ABSENT if row.throughput_ips is None else f"{row.throughput_ips:,.0f}",
        _IDEAL: ABSENT if row.roofline is None else f"{row.roofline.time_over_ideal:.2f}",
        "accuracy": ABSENT if row.accuracy is None else percent(row.accuracy),
    }


def _bar(share: float) -> str:
    full, rest = divmod(round(share * _BAR * 8), 8)
    return ("█" * full + _EIGHTHS[rest]).rstrip()
