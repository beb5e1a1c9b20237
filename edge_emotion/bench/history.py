"""What earlier benchmarks found, a line a run: how speed went from build to build."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field, ValidationError

from edge_emotion.bench.bootstrap import round_medians
from edge_emotion.bench.frozen import Fraction, Frozen, Positive, RowIdentity
from edge_emotion.bench.report import Report, Samples
from edge_emotion.bench.yardstick import in_yardsticks
from edge_emotion.errors import DataError, first_fault
from edge_emotion.jsonio import write_text


class HistoryRow(RowIdentity):
    """One row of one run."""

    p50_ms: Positive
    yardsticks: Positive
    """The median in units of the yardstick: the machine's own drift is not in it."""
    accuracy: Fraction | None


class HistoryEntry(Frozen):
    """One run."""

    schema_id: Literal["edge-emotion/history/1"] = Field(
        default="edge-emotion/history/1",
        validation_alias="schema",
        serialization_alias="schema",
    )
    date: AwareDatetime
    revision: str | None
    """Commit, where the package runs from a working copy."""
    version: str | None
    cpu: str
    rows: tuple[HistoryRow, ...]


def history_entry(report: Report, samples: Samples) -> HistoryEntry:
    """What is kept of a run."""
    raw, unit = samples.by_row(), round_medians(samples.yardstick_rounds_ns)
    return HistoryEntry(
        date=report.environment.date,
        revision=report.environment.git_revision,
        version=report.environment.versions.get("edge-emotion"),
        cpu=report.environment.cpu,
        rows=tuple(
            HistoryRow(
                model=row.model,
                precision=row.precision,
                backend=row.backend,
                threads=row.threads,
                batch=row.batch,
                p50_ms=row.latency.p50,
                yardsticks=statistics.median(
                    in_yardsticks(round_medians(raw[row.key].rounds_ns), unit)
                ),
                accuracy=row.accuracy,
            )
            for row in report.measured
        ),
    )


def read_history(path: Path) -> list[HistoryEntry]:
    """Every run of a history, oldest first; none where there is no file yet.

    Raises:
        DataError: it cannot be read, or a line is no entry of this schema.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the history {path}: {error}", "check the path") from error
    return [_entry(path, number, line) for number, line in enumerate(lines, 1)]


def _entry(path: Path, number: int, line: str) -> HistoryEntry:
    try:
        return HistoryEntry.model_validate_json(line)
    except ValidationError as error:
        raise DataError(
            f"line {number} of {path} is no entry of a history: {first_fault(error)}",
            "remove the line, or name another file",
        ) from error


def append_history(path: Path, entry: HistoryEntry) -> list[HistoryEntry]:
    """Add a run at the end of a history, atomically; the whole history.

    Raises:
        DataError: what stands there cannot be read; it is left alone.
        OutputError: it cannot be written.
    """
    entries = [*read_history(path), entry]
    lines = (json.dumps(each.model_dump(mode="json", by_alias=True)) for each in entries)
    write_text(path, "".join(f"{line}\n" for line in lines))
    return entries
