"""Turn what was measured into rows of the report."""

from __future__ import annotations

from collections.abc import Sequence

from edge_emotion.bench.accuracy import Accuracy, digits
from edge_emotion.bench.report import Latency, MeasuredModel, Result, RowKey, RowSamples
from edge_emotion.bench.session import Loaded, without_figures


def result_rows(loaded: Sequence[Loaded]) -> dict[RowKey, Result]:
    """A row of figures for every variant that was timed, or of what its call raised."""
    reference = {
        (one.variant.artifact.manifest.network, one.variant.backend): one.accuracy
        for one in reversed(loaded)
        if one.variant.artifact.manifest.precision == "fp32"
    }
    return {one.variant.key: _row(one, reference) for one in loaded}


def _row(one: Loaded, reference: dict[tuple[str, str], Accuracy | None]) -> Result:
    if one.lane.error is not None:
        return without_figures(one.variant, "failed", one.lane.error)
    model, precision, backend, threads, batch = one.variant.key
    latency = Latency.of([sample for timed in one.lane.rounds_ns for sample in timed])
    fp32 = reference.get((one.variant.artifact.manifest.network, backend))
    accuracy = one.accuracy
    compared = precision != "fp32" and accuracy is not None and fp32 is not None
    return Result(
        model=model,
        precision=precision,
        backend=backend,
        threads=threads,
        batch=batch,
        status="ok",
        latency_ms=latency,
        throughput_ips=batch * 1000 / latency.mean,
        accuracy=accuracy.share if accuracy else None,
        accuracy_ci95=accuracy.ci95 if accuracy else None,
        agreement_with_fp32=accuracy.agreement(fp32) if compared and accuracy and fp32 else None,
        file_bytes=one.session.artifact.file_bytes,
        cold_start_ms=one.cold_start_ms,
        effective_precision=one.precision,
    )


def samples_row(one: Loaded) -> RowSamples:
    """The raw samples behind a row."""
    model, precision, backend, threads, batch = one.variant.key
    return RowSamples(
        model=model,
        precision=precision,
        backend=backend,
        threads=threads,
        batch=batch,
        rounds_ns=tuple(tuple(timed) for timed in one.lane.rounds_ns),
        predictions=digits(one.accuracy.predictions) if one.accuracy else None,
    )


def measured_models(loaded: Sequence[Loaded]) -> tuple[MeasuredModel, ...]:
    """Every file that ran."""
    ran: dict[tuple[str, str], list[Loaded]] = {}
    for one in loaded:
        ran.setdefault((one.variant.label, one.session.artifact.manifest.sha256), []).append(one)
    return tuple(_model(users) for users in ran.values())


def _model(users: Sequence[Loaded]) -> MeasuredModel:
    artifact = users[0].session.artifact
    manifest = artifact.manifest
    return MeasuredModel(
        model=users[0].variant.label,
        precision=manifest.precision,
        encoding=manifest.encoding,
        network=manifest.network,
        file=artifact.path.name,
        sha256=manifest.sha256,
        macs=manifest.macs,
        parameters=manifest.parameters,
        backends=tuple(dict.fromkeys(one.variant.backend for one in users)),
    )
