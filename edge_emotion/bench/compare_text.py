"""A comparison as Markdown, for a terminal or a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from edge_emotion.bench.compare import Comparison, Limits, RowChange
from edge_emotion.bench.naming import backend_name, milliseconds, percent, points
from edge_emotion.bench.table import ABSENT

_HEADER = (
    "| model | precision | backend | threads | batch | p50 before | p50 after | time ÷ before "
    "(95 %) | accuracy | McNemar p | verdict |"
)


def render_comparison(comparison: Comparison, limits: Limits) -> str:
    """Verdict, one row a line, then what to know."""
    return "\n".join(_lines(comparison, limits)) + "\n"


def headline(comparison: Comparison) -> str:
    """The comparison in one line."""
    failed, total = len(comparison.failed), len(comparison.rows)
    if not failed:
        return f"no regression in {total} row{'s' * (total != 1)}"
    return f"{failed} of {total} row{'s' * (total != 1)} past a limit"


def _lines(comparison: Comparison, limits: Limits) -> Iterator[str]:
    time, accuracy = 100 * limits.latency_increase, 100 * limits.accuracy_drop
    yield (
        f"**{headline(comparison).capitalize()}** (limits: {time:g} % more time, "
        f"{accuracy:g} points less accuracy)"
    )
    yield ""
    yield _HEADER
    yield "|---|---|---|---:|---:|---:|---:|---:|---:|---:|---|"
    yield from map(_row, comparison.rows)
    if comparison.added:
        yield ""
        yield f"New: {'; '.join(comparison.added)}."
    if comparison.notes:
        yield ""
        yield from (f"- {note[0].upper()}{note[1:]}." for note in comparison.notes)


def _row(row: RowChange) -> str:
    before, after = row.p50_ms
    cells = (
        row.model,
        row.precision,
        backend_name(row.backend),
        str(row.threads),
        str(row.batch),
        f"{milliseconds(before)} ms",
        ABSENT if after is None else f"{milliseconds(after)} ms",
        _ratio(row),
        _accuracy(row),
        ABSENT if row.mcnemar_p is None else f"{row.mcnemar_p:.2g}",
        ", ".join(row.failures) or _verdict(row),
    )
    return f"| {' | '.join(cells)} |"


def _ratio(row: RowChange) -> str:
    if row.time_ratio is None:
        return ABSENT
    if row.time_ratio_ci95 is None:
        return f"{row.time_ratio:.3f}"
    low, high = row.time_ratio_ci95
    return f"{row.time_ratio:.3f} ({low:.3f} to {high:.3f})"


def _accuracy(row: RowChange) -> str:
    before, after = row.accuracy
    if before is None or after is None:
        return ABSENT
    return percent(after) if after == before else f"{percent(after)} ({points(after - before)})"


def _verdict(row: RowChange) -> str:
    if row.time_ratio_ci95 is None:
        return "within limits"
    low, high = row.time_ratio_ci95
    return "faster" if high < 1 else "within limits" if low > 1 else "same"
