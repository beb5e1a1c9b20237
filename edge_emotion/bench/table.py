"""The rows of a report as text, the same in every rendering of it."""

from __future__ import annotations

from dataclasses import dataclass

from edge_emotion.bench.accuracy import BATCH
from edge_emotion.bench.memory import Memory
from edge_emotion.bench.naming import (
    backend_name,
    interval,
    layers,
    milliseconds,
    model_name,
    percent,
    size,
)
from edge_emotion.bench.report import Dataset, Report, Result

ABSENT = "–"


@dataclass(frozen=True)
class Column:
    """A column's title, and whether it holds figures (set flush right)."""

    title: str
    figures: bool = True


@dataclass(frozen=True)
class TextTable:
    """A table with its heading and what to know when reading it."""

    title: str
    columns: tuple[Column, ...]
    rows: list[tuple[str, ...]]
    caption: str


_ROW = (
    Column("model", figures=False),
    Column("backend", figures=False),
    Column("threads"),
    Column("batch"),
)
COLUMNS = (
    *_ROW,
    Column("p50"),
    Column("95 % of p50"),
    Column("p95"),
    Column("p99"),
    Column("faces/s"),
    Column("accuracy"),
    Column("95 % interval"),
    Column("not seen in train"),
    Column("agrees with FP32"),
)
_COST_COLUMNS = (
    *_ROW,
    Column("cold start"),
    Column("of it compiling"),
    Column("warm start"),
    Column("MB before / after / peak"),
    Column("energy"),
    Column("file"),
    Column("float in", figures=False),
    Column("ran in", figures=False),
)


def cells(row: Result) -> tuple[str, ...]:
    """One measured row in the order of ``COLUMNS``."""
    latency = row.latency
    return (
        *_row(row),
        milliseconds(latency.p50),
        _certainty(row),
        milliseconds(latency.p95),
        milliseconds(latency.p99),
        ABSENT if row.throughput_ips is None else f"{row.throughput_ips:,.0f}",
        ABSENT if row.accuracy is None else percent(row.accuracy),
        ABSENT if row.accuracy_ci95 is None else interval(row.accuracy_ci95),
        ABSENT if row.accuracy_leak_free is None else percent(row.accuracy_leak_free),
        ABSENT if row.agreement_with_fp32 is None else percent(row.agreement_with_fp32),
    )


def cost_table(report: Report) -> TextTable:
    """What the measured rows take beside their time, and what they ran in."""
    return TextTable(
        "Cost",
        _COST_COLUMNS,
        [_cost(row) for row in report.measured],
        "Milliseconds from loading to the first result, the runtime being imported: with an empty "
        "cache, of that until the file was read and compiled (OpenVINO compiles once more for "
        "the first call of several faces), and again with what the runtime had cached. Memory is "
        "that of the process, before loading, with the first result, and the most in between; "
        "rows are loaded one after the other, so it grows, and what one gives back the next may "
        "use. Energy is that of one call above the idle machine's.",
    )


def _cost(row: Result) -> tuple[str, ...]:
    return (
        *_row(row),
        *(
            ABSENT if each is None else milliseconds(each)
            for each in (row.cold_start_ms, row.compile_ms, row.warm_start_ms)
        ),
        ABSENT if row.memory is None else _memory(row.memory),
        ABSENT if row.energy is None else f"{1000 * row.energy.joules:.3g} mJ",
        ABSENT if row.file_bytes is None else size(row.file_bytes),
        row.inference_precision,
        layers(row.effective_precision or {}),
    )


def _memory(memory: Memory) -> str:
    held = (memory.before_bytes, memory.after_bytes, memory.peak_bytes)
    return " / ".join(ABSENT if each is None else f"{each / 1e6:.0f}" for each in held)


def _row(row: Result) -> tuple[str, ...]:
    return (model_name(row), backend_name(row.backend), str(row.threads), str(row.batch))


def _certainty(row: Result) -> str:
    """The interval of the median, marked where it is wide."""
    if row.p50_ci95_ms is None:
        return ABSENT
    low, high = map(milliseconds, row.p50_ci95_ms)
    return f"{low}–{high}{' unstable' if row.unstable else ''}"


@dataclass(frozen=True)
class NotMeasured:
    """Rows without figures that share a backend and a reason."""

    backend: str
    status: str
    reason: str
    models: tuple[str, ...]


def not_measured(report: Report) -> list[NotMeasured]:
    """Why rows have no figures, each reason once."""
    models: dict[tuple[str, str, str], dict[str, None]] = {}
    for row in report.results:
        if row.status != "ok":
            key = (backend_name(row.backend), row.status, row.reason or "")
            models.setdefault(key, {})[model_name(row)] = None
    return [NotMeasured(*key, tuple(names)) for key, names in models.items()]


_COMPARISON = (
    " How much faster one precision is than another is the median of the ratios of the rounds, "
    "with an interval between two of them in order of size, which holds it with 95 %; where it "
    "holds 1, neither is called faster."
)


def _accuracy_method(dataset: Dataset) -> str:
    text = (
        f" Accuracy is measured once for each model and backend, {BATCH} images at a time with the "
        f"threads of its first row, and shown in all its rows; intervals are Wilson's."
    )
    if dataset.leak_free_images is None:
        return text
    return (
        f"{text} Of the {dataset.images:,} images {dataset.images - dataset.leak_free_images:,} "
        f"stand, identical or nearly so, in the training split too; “not seen in train” is of the "
        f"others."
    )


def method_text(report: Report) -> str:
    """How the figures were obtained."""
    method = report.method
    inputs = "images of the dataset" if method.inputs == "dataset" else "drawn faces"
    accuracy = "" if report.dataset is None else _accuracy_method(report.dataset)
    return (
        f"Every row was warmed up until its median settled, then timed for "
        f"{method.seconds_per_row:g} s in {method.rounds} rounds; each round visits all rows in "
        f"shuffled order, so what disturbs the machine disturbs all alike. "
        f"{method.distinct_inputs} distinct {inputs} take turns as input. A call is timed from "
        f"the faces in memory to the logits in memory, with {method.clock}. Percentiles are over "
        f"all calls, none removed; the interval of a median is a bootstrap over the rounds; cold "
        f"start is from loading the file to the first result, with an empty cache.{accuracy}"
        f"{_COMPARISON if report.precision_choices else ''} Answers of the timed run are sampled "
        f"and held against the accuracy run's, and repeated inputs against different ones. "
        f"samples.json keeps every call and every answer."
    )
