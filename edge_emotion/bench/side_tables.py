"""The tables of a report beside its rows, the same in every rendering of it."""

from __future__ import annotations

from edge_emotion.bench.answer_tables import answer_tables
from edge_emotion.bench.naming import backend_name, milliseconds, model_name
from edge_emotion.bench.report import Report
from edge_emotion.bench.scenarios import LOADS, OFFLINE_BATCH
from edge_emotion.bench.table import Column, TextTable, cost_table

_LOAD = (
    Column("model", figures=False),
    Column("backend", figures=False),
    Column("threads"),
    *(Column(f"p50 / p99 at {load:.0%}") for load in LOADS),
    Column("offline faces/s"),
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
    tables = (cost_table(report), load, *answer_tables(report))
    return [table for table in tables if table.rows]


def _load_rows(report: Report) -> list[tuple[str, ...]]:
    return [
        (
            model_name(row),
            backend_name(row.backend),
            str(row.threads),
            *(
                f"{milliseconds(each.latency_ms.p50)} / {milliseconds(each.latency_ms.p99)}"
                for each in row.scenarios.server
            ),
            f"{row.scenarios.offline_ips:,.0f}",
        )
        for row in report.measured
        if row.scenarios is not None
    ]
