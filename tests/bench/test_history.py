"""A machine's earlier benchmarks."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from edge_emotion.bench.history import (
    HistoryEntry,
    HistoryRow,
    append_history,
    history_entry,
    read_history,
)
from edge_emotion.bench.run import Benchmark
from edge_emotion.errors import DataError


def later(entry: HistoryEntry, slower: float) -> HistoryEntry:
    """The next day's run, in which every row took so many times longer."""
    rows = tuple(
        HistoryRow(**{**row.model_dump(), "yardsticks": row.yardsticks * slower})
        for row in entry.rows
    )
    return entry.model_copy(update={"date": entry.date + timedelta(days=1), "rows": rows})


def test_a_run_is_kept_in_yardsticks(benchmark: Benchmark, tmp_path: Path) -> None:
    entry = history_entry(benchmark.report, benchmark.samples)
    assert len(entry.rows) == len(benchmark.report.measured)
    unit = sorted(ns for timed in benchmark.samples.yardstick_rounds_ns for ns in timed)
    for row, measured in zip(entry.rows, benchmark.report.measured, strict=True):
        assert row.p50_ms == measured.latency.p50
        rough = row.p50_ms * 1e6 / unit[len(unit) // 2]
        assert 0.5 * rough < row.yardsticks < 2 * rough
    path = tmp_path / "history.jsonl"
    append_history(path, entry)
    assert append_history(path, later(entry, 1.1)) == read_history(path)
    assert [each.date for each in read_history(path)] == [
        entry.date, entry.date + timedelta(days=1),
    ]  # fmt: skip


def test_what_is_no_history_is_left_alone(benchmark: Benchmark, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary\n")
    with pytest.raises(DataError, match=r"line 1 of .*notes\.txt is no entry"):
        append_history(path, history_entry(benchmark.report, benchmark.samples))
    assert path.read_text() == "dear diary\n"
    assert read_history(tmp_path / "absent.jsonl") == []


def test_the_plot_tells_how_each_row_went_on_this_processor(benchmark: Benchmark) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    from edge_emotion.bench.history_plot import history_plot

    first = history_entry(benchmark.report, benchmark.samples)
    assert history_plot([first]) is None
    elsewhere = later(first, 5.0).model_copy(update={"cpu": "another"})
    picture = history_plot([first, elsewhere, later(first, 1.25)])
    assert picture is not None
    assert picture.wide.count("1.25 of the first run.") == len(first.rows)
    assert "5.00" not in picture.wide
