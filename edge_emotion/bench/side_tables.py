"""The tables of a report beside its rows, the same in every rendering of it."""

from __future__ import annotations

from edge_emotion.bench.answer_tables import answer_tables
from edge_emotion.bench.naming import backend_name, milliseconds, model_name
from edge_emotion.bench.report import Report
from edge_emotion.bench.scenarios import LOADS, OFFLINE_BATCH
from edge_emotion.bench.stages import FACE, PICTURE
from edge_emotion.bench.table import Column, TextTable, cost_table

_LOAD = (
    Column("model", figures=False),
    Column("backend", figures=False),
    Column("threads"),
    *(Column(f"p50 / p99 at {load:.0%}") for load in LOADS),
    Column("offline faces/s"),
)
_WORK = (
    Column("model", figures=False),
    Column("backend", figures=False),
    Column("model p50"),
    Column("cut out and model p50 / p95"),
    Column("capture to event p50 / p95"),
    Column("frames/s"),
)


def side_tables(report: Report) -> list[TextTable]:
    """Those that have rows, in their order."""
    load = TextTable(
        "Under load",
        _LOAD,
        _load_rows(report),
        "Milliseconds from a request's arrival to its answer, for requests that come at random at "
        "a share of the highest rate that one session serves; offline is all images at once, in "
        f"batches of {OFFLINE_BATCH} and the throughput mode.",
    )
    work = TextTable(
        "At work",
        _WORK,
        _work_rows(report),
        "Milliseconds for one face that is given, for one that is cut from a picture of "
        f"{PICTURE[1]}×{PICTURE[0]} pixels, {FACE} of them wide, and for a whole frame of "
        "the embedded clip, with two faces, from its capture to its events.",
    )
    tables = (cost_table(report), work, load, *answer_tables(report))
    return [table for table in tables if table.rows]


def _load_rows(report: Report) -> list[tuple[str, ...]]:
    return [
        (
            model_name(row),
            backend_name(row.backend),
            str(row.threads),
            *(_pair(each.latency_ms.p50, each.latency_ms.p99) for each in row.scenarios.server),
            f"{row.scenarios.offline_ips:,.0f}",
        )
        for row in report.measured
        if row.scenarios is not None
    ]


def _work_rows(report: Report) -> list[tuple[str, ...]]:
    return [
        (
            model_name(row),
            backend_name(row.backend),
            milliseconds(row.latency.p50),
            _pair(row.stages.prepared_ms.p50, row.stages.prepared_ms.p95),
            _pair(row.stages.loop.capture_to_event_p50_ms, row.stages.loop.capture_to_event_p95_ms),
            f"{row.stages.loop.fps:,.0f}",
        )
        for row in report.measured
        if row.stages is not None
    ]


def _pair(half: float, most: float) -> str:
    return f"{milliseconds(half)} / {milliseconds(most)}"
