"""Turn what was measured into rows of the report."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from edge_emotion.backends.layers import count_precisions
from edge_emotion.bench.accuracy import Accuracy, digits
from edge_emotion.bench.agreement import Agreement, Answering, Recognition, agreements
from edge_emotion.bench.audit import audit
from edge_emotion.bench.bootstrap import median_interval, round_medians
from edge_emotion.bench.contest import Competitor, Entry, PrecisionChoice, choose
from edge_emotion.bench.figures import Latency
from edge_emotion.bench.frozen import RowKey
from edge_emotion.bench.report import MeasuredModel, Result, RowSamples
from edge_emotion.bench.roofline import Roofline, locate
from edge_emotion.bench.session import Loaded, without_figures
from edge_emotion.evaluation import Classes


def result_rows(loaded: Sequence[Loaded], roofline: Roofline | None) -> dict[RowKey, Result]:
    """A row of figures for every variant that was timed, or of what its call raised."""
    reference = {
        (one.variant.artifact.manifest.network, one.variant.backend): one.accuracy
        for one in reversed(loaded)
        if one.variant.precision == "fp32"
    }
    return {one.variant.key: _row(one, reference, roofline) for one in loaded}


def _row(
    one: Loaded, reference: dict[tuple[str, str], Accuracy | None], roofline: Roofline | None
) -> Result:
    if one.lane.error is not None:
        return without_figures(one.variant, "failed", one.lane.error)
    model, precision, backend, threads, batch = one.variant.key
    manifest = one.variant.artifact.manifest
    latency = Latency.of([sample for timed in one.lane.rounds_ns for sample in timed])
    medians = round_medians(one.lane.rounds_ns)
    low, high = median_interval(medians)
    fp32 = reference.get((manifest.network, backend))
    accuracy = one.accuracy
    compared = precision != "fp32" and accuracy is not None and fp32 is not None
    cost = (manifest.macs, manifest.parameters)
    return Result(
        model=model,
        precision=precision,
        backend=backend,
        threads=threads,
        batch=batch,
        status="ok",
        inference_precision=one.variant.inference_precision,
        latency_ms=latency,
        p50_ci95_ms=(low / 1e6, high / 1e6),
        variation=statistics.pstdev(medians) / statistics.mean(medians),
        throughput_ips=batch * 1000 / latency.mean,
        accuracy=accuracy.share if accuracy else None,
        accuracy_ci95=accuracy.ci95 if accuracy else None,
        accuracy_leak_free=accuracy.leak_free.accuracy if accuracy and accuracy.leak_free else None,
        agreement_with_fp32=accuracy.agreement(fp32) if compared and accuracy and fp32 else None,
        file_bytes=one.session.artifact.file_bytes,
        accuracy_over_fp32=accuracy.share / fp32.share
        if compared and accuracy and fp32 and fp32.share
        else None,
        cold_start_ms=one.start.cold_ms,
        compile_ms=one.start.compile_ms,
        warm_start_ms=one.start.warm_ms,
        effective_precision=count_precisions(one.layers),
        audit=audit(one.layers),
        checks=one.checks,
        energy=one.energy,
        memory=one.memory,
        scenarios=one.scenarios,
        stages=one.stages,
        roofline=locate(roofline, one.variant.key, cost, latency.p50) if roofline else None,
    )


def precision_choices(loaded: Sequence[Loaded]) -> tuple[PrecisionChoice, ...]:
    """What to ship wherever a network was timed in more than one precision."""
    settings: dict[tuple[str, tuple[str, int, int]], list[Loaded]] = {}
    for one in loaded:
        if one.lane.error is None:
            place = (one.variant.artifact.manifest.network, one.variant.key[2:])
            settings.setdefault(place, []).append(one)
    return tuple(
        choose(network, setting, [_competitor(one) for one in rivals])
        for (network, setting), rivals in settings.items()
        if len({one.variant.precision for one in rivals}) > 1
    )


def recognition(loaded: Sequence[Loaded]) -> tuple[Recognition, ...]:
    """How much of each class every model recognises on every backend."""
    return tuple(
        Recognition(**who.model_dump(), recall=accuracy.recall)
        for of_network in _answering(loaded).values()
        for who, accuracy in of_network.items()
    )


def answer_pairs(loaded: Sequence[Loaded], truth: Classes) -> tuple[Agreement, ...]:
    """How the answers of each network's rows agree, given the labels (N,)."""
    return tuple(
        pair
        for of_network in _answering(loaded).values()
        for pair in agreements([(w, each.predictions) for w, each in of_network.items()], truth)
    )


def _answering(loaded: Sequence[Loaded]) -> dict[str, dict[Answering, Accuracy]]:
    """Network → who answered the images of the dataset, and how well."""
    found: dict[str, dict[Answering, Accuracy]] = {}
    for one in loaded:
        if one.accuracy is not None and one.lane.error is None:
            model, precision, backend, _, _ = one.variant.key
            who = Answering(model=model, precision=precision, backend=backend)
            network = one.variant.artifact.manifest.network
            found.setdefault(network, {}).setdefault(who, one.accuracy)
    return found


def _competitor(one: Loaded) -> Competitor:
    entry = Entry(
        model=one.variant.label,
        precision=one.variant.precision,
        accuracy=one.accuracy.share if one.accuracy else None,
    )
    return Competitor(entry, one.lane.rounds_ns)


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
