"""Reports with chosen figures, for what is derived from a report."""

from __future__ import annotations

from typing import Any

from edge_emotion.artifact import Precision
from edge_emotion.bench.contest import PrecisionChoice
from edge_emotion.bench.environment import read_environment
from edge_emotion.bench.figures import Latency
from edge_emotion.bench.frozen import RowPrecision
from edge_emotion.bench.report import Dataset, MeasuredModel, Method, Report, Result
from edge_emotion.evaluation import wilson_interval

IMAGES = 3589


def row(
    model: str,
    precision: RowPrecision,
    p50: float,
    *,
    backend: str = "openvino",
    batch: int = 1,
    correct: int | None = None,
    **more: Any,
) -> Result:
    """A measured row; every call took ``p50`` milliseconds."""
    return Result(
        model=model,
        precision=precision,
        backend=backend,
        threads=1,
        batch=batch,
        status="ok",
        latency_ms=Latency.of([round(p50 * 1e6)] * 3),
        throughput_ips=batch * 1000 / p50,
        accuracy=None if correct is None else correct / IMAGES,
        accuracy_ci95=None if correct is None else wilson_interval(correct, IMAGES),
        file_bytes=900_000,
        cold_start_ms=20.0,
        effective_precision={"int8": 12, "f32": 1},
        **more,
    )


def refused(model: str, backend: str, reason: str) -> Result:
    """A row that failed."""
    return Result(
        model=model,
        precision="int8",
        backend=backend,
        threads=1,
        batch=1,
        status="failed",
        reason=reason,
    )


def report(*rows: Result, choices: tuple[PrecisionChoice, ...] = ()) -> Report:
    """A report of these rows; a model's network is its name up to the first dash."""
    names = {(each.model, each.precision) for each in rows if each.status == "ok"}
    return Report(
        environment=read_environment(),
        method=Method(
            clock="a clock", rounds=10, seconds_per_row=1, distinct_inputs=2, inputs="dataset"
        ),
        dataset=Dataset(source_sha256="0" * 64, split="public", images=IMAGES),
        models=tuple(
            MeasuredModel(
                model=model,
                precision=_of_file(precision),
                encoding="none",
                network=model.partition("-")[0],
                file=f"{model}.onnx",
                sha256="0" * 64,
                macs=1,
                parameters=1,
                backends=("openvino",),
            )
            for model, precision in sorted(names)
        ),
        results=rows,
        precision_choices=choices,
    )


def _of_file(precision: RowPrecision) -> Precision:
    return "fp32" if precision == "bf16" else precision
