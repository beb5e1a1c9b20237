"""The rows of a report as CSV, for spreadsheets: every row, measured or not, in plain numbers."""

from __future__ import annotations

import csv
import io

from edge_emotion.bench.report import Report, Result

_LATENCY = ("p50", "p90", "p95", "p99", "mean", "min", "max")
_MEMORY = ("before_bytes", "after_bytes", "peak_bytes")
COLUMNS = (
    "model", "precision", "backend", "threads", "batch", "status", "reason",
    *(f"{name}_ms" for name in _LATENCY), "p50_low_ms", "p50_high_ms", "variation",
    "throughput_ips", "accuracy", "accuracy_low", "accuracy_high", "accuracy_leak_free",
    "agreement_with_fp32", "accuracy_over_fp32",
    "file_bytes", "cold_start_ms", "compile_ms", "warm_start_ms",
    "memory_before_bytes", "memory_after_bytes", "memory_peak_bytes", "joules",
    "inference_precision", "effective_precision",
)  # fmt: skip


def render_csv(report: Report) -> str:
    """A header and a line for each row; what was not measured is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_cells, report.results))
    return text.getvalue()


def _cells(row: Result) -> dict[str, object]:
    cells = {name: value for name, value in row.model_dump(mode="json").items() if name in COLUMNS}
    latency = row.latency_ms.model_dump() if row.latency_ms else {}
    cells |= {f"{name}_ms": latency.get(name) for name in _LATENCY}
    bounds = {"p50_{}_ms": row.p50_ci95_ms, "accuracy_{}": row.accuracy_ci95}
    for name, pair in bounds.items():
        low, high = pair or (None, None)
        cells |= {name.format("low"): low, name.format("high"): high}
    memory = row.memory.model_dump() if row.memory else {}
    cells |= {f"memory_{name}": memory.get(name) for name in _MEMORY}
    cells["joules"] = row.energy.joules if row.energy else None
    executed = (row.effective_precision or {}).items()
    return {**cells, "effective_precision": " ".join(f"{kind}:{count}" for kind, count in executed)}
