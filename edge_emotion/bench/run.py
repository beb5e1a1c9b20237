"""Run a benchmark: load every variant, measure accuracy, then time all of them side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from edge_emotion.backends import Faces
from edge_emotion.bench.accuracy import Accuracy, digits, measure_accuracy
from edge_emotion.bench.caches import fresh_caches
from edge_emotion.bench.checks import check
from edge_emotion.bench.conditions import read_conditions
from edge_emotion.bench.energy import Meter, find_meter, idle_power, measure_energy
from edge_emotion.bench.environment import read_environment
from edge_emotion.bench.frozen import RowKey
from edge_emotion.bench.plan import Variant
from edge_emotion.bench.report import Dataset, Method, Report, Result, Samples
from edge_emotion.bench.roofs import Roofs
from edge_emotion.bench.rows import (
    answer_pairs,
    measured_models,
    precision_choices,
    recognition,
    result_rows,
    samples_row,
)
from edge_emotion.bench.scenarios import measure_scenarios
from edge_emotion.bench.session import Loaded, load, obstacle, without_figures
from edge_emotion.bench.stages import LoopRun, Stages, measure_prepared, staged
from edge_emotion.bench.timing import CLOCK, ROUNDS, kept_error, measure
from edge_emotion.bench.yardstick import yardstick
from edge_emotion.data import Split, load_dataset
from edge_emotion.evaluation.exam import Exam

DISTINCT_INPUTS = 512
"""Faces in rotation while timing, so that no call sees the input of the call before it."""

_CHECKED_SHARE = 0.1
"""Of the timed seconds, for repeated and for different inputs each."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Benchmark:
    """A report with the raw samples it was derived from."""

    report: Report
    samples: Samples


def run_benchmark(
    variants: Sequence[Variant],
    exam: Exam | None,
    seconds: float,
    progress: Progress,
    roofs: Roofs | None = None,
    scenarios: bool = False,
    run_loop: LoopRun | None = None,
) -> Benchmark:
    """Measure every variant.

    A variant whose backend is absent, or that fails at any point, becomes a row that says why.

    Args:
        variants: from ``plan``.
        exam: labelled faces to measure accuracy on; without it accuracy stays unknown and drawn
            faces are timed.
        seconds: timed seconds for each variant.
        progress: told of each step, one line each.
        roofs: of this machine, timed in turns with the rows so that both meet the same moments;
            without them rows are not placed under a roofline.
        scenarios: whether rows of one face a call are also measured under load.
        run_loop: the camera loop; with it, rows that it could run are measured at work too.
    """
    environment = read_environment()
    meter = find_meter()
    idle_watts = idle_power(meter, seconds) if meter else 0.0
    images = exam.judged[0] if exam else load_dataset("synthetic", Split.PUBLIC).images
    faces = _spread(images)
    with ExitStack() as sessions:
        renew = sessions.enter_context(fresh_caches())
        loaded, refused = _load_all(variants, faces, sessions, renew, progress)
        if exam is not None:
            refused |= _measure_accuracy(loaded, exam, progress)
            loaded = [one for one in loaded if one.variant.key not in refused]
        progress(f"timing {len(loaded)} rows in {ROUNDS} interleaved rounds")
        unit = yardstick()
        measure([unit, *(one.lane for one in loaded), *(roofs.lanes if roofs else ())], seconds)
        after = read_conditions()
        _afterwards(loaded, seconds * _CHECKED_SHARE, meter, idle_watts)
        if scenarios:
            _under_load(loaded, faces, seconds, progress)
        if run_loop is not None:
            _prepare(loaded, seconds)
        roofline = roofs.roofline() if roofs else None
    if run_loop is not None:
        # With the user's own cache: what the loop finds there, as its detector, is his.
        _at_work(loaded, run_loop, progress)
    rows = refused | result_rows(loaded, roofline)
    report = Report(
        environment=environment,
        after=after,
        method=Method(
            clock=CLOCK,
            rounds=ROUNDS,
            seconds_per_row=seconds,
            distinct_inputs=len(faces),
            inputs="synthetic" if exam is None else "dataset",
        ),
        dataset=None if exam is None else _described(exam),
        models=measured_models(loaded),
        results=tuple(rows[variant.key] for variant in variants),
        precision_choices=precision_choices(loaded),
        recognition=recognition(loaded),
        agreements=() if exam is None else answer_pairs(loaded, exam.truth.labels),
        roofline=roofline,
    )
    samples = Samples(
        truth=None if exam is None else digits(exam.truth.labels),
        seen=None if exam is None or exam.fresh is None else digits(~exam.fresh * 1),
        rows=tuple(samples_row(one) for one in loaded if one.lane.error is None),
        yardstick_rounds_ns=tuple(map(tuple, unit.rounds_ns)),
    )
    return Benchmark(report, samples)


def _load_all(
    variants: Sequence[Variant],
    faces: Faces,
    sessions: ExitStack,
    renew_cache: Callable[[], None],
    progress: Progress,
) -> tuple[list[Loaded], dict[RowKey, Result]]:
    loaded: list[Loaded] = []
    refused: dict[RowKey, Result] = {}
    imported: set[str] = set()
    for variant in variants:
        reason = obstacle(variant)
        if reason is not None:
            refused[variant.key] = without_figures(variant, "skipped", reason)
            continue
        progress(f"loading {variant}")
        try:
            if variant.backend not in imported:
                # Importing a runtime is not a cost of whichever model happens to come first.
                load(variant, faces).session.close()
                imported.add(variant.backend)
            renew_cache()
            one = load(variant, faces)
        except Exception as error:  # noqa: BLE001 - whatever a runtime raises is that row's result
            refused[variant.key] = without_figures(variant, "failed", error)
        else:
            sessions.enter_context(one.session)
            loaded.append(one)
    return loaded, refused


def _measure_accuracy(
    loaded: Sequence[Loaded], exam: Exam, progress: Progress
) -> dict[RowKey, Result]:
    """Measure each model once on each backend; the report's method says that its rows share it."""
    failed: dict[RowKey, Result] = {}
    known: dict[tuple[str, str, str], Accuracy] = {}
    for one in loaded:
        model, precision, backend, _, _ = one.variant.key
        try:
            if (model, precision, backend) not in known:
                count = len(exam.truth.labels)
                progress(f"accuracy of {model} {precision} on {backend}: {count} images")
                known[model, precision, backend] = measure_accuracy(one.session, exam)
            one.accuracy = known[model, precision, backend]
        except Exception as error:  # noqa: BLE001 - whatever a runtime raises is that row's result
            failed[one.variant.key] = without_figures(one.variant, "failed", error)
    return failed


def _afterwards(
    loaded: Sequence[Loaded], seconds: float, meter: Meter | None, idle_watts: float
) -> None:
    """Check the rows that were timed, and measure their energy where there is a meter."""
    for one in _running(loaded):
        with kept_error(one.lane):
            one.checks = check(one.session, one.lane, seconds)
            if meter is not None:
                one.energy = measure_energy(meter, one.lane, 3 * seconds, idle_watts)


def _under_load(loaded: Sequence[Loaded], faces: Faces, seconds: float, progress: Progress) -> None:
    for one in _running(loaded):
        if one.variant.batch == 1:
            progress(f"{one.variant} under load")
            with kept_error(one.lane):
                one.scenarios = measure_scenarios(one.variant, one.lane, faces, seconds)


def _prepare(loaded: Sequence[Loaded], seconds: float) -> None:
    for one in _running(loaded):
        if staged(one.variant):
            with kept_error(one.lane):
                one.prepared = measure_prepared(one.session, seconds)


def _at_work(loaded: Sequence[Loaded], run_loop: LoopRun, progress: Progress) -> None:
    for one in _running(loaded):
        if one.prepared is not None:
            progress(f"{one.variant} in the camera loop")
            with kept_error(one.lane):
                one.stages = Stages(prepared_ms=one.prepared, loop=run_loop(one.variant))


def _running(loaded: Sequence[Loaded]) -> list[Loaded]:
    """Those whose call has not failed so far."""
    return [one for one in loaded if one.lane.error is None]


def _described(exam: Exam) -> Dataset:
    return Dataset(
        source_sha256=exam.faces.source_sha256,
        split=exam.faces.split.value,
        images=len(exam.truth.labels),
        leak_free_images=None if exam.fresh is None else int(exam.fresh.sum()),
    )


def _spread(images: Faces) -> Faces:
    """Up to ``DISTINCT_INPUTS`` faces, evenly over the dataset and so over its classes."""
    count = min(DISTINCT_INPUTS, len(images))
    return images[np.linspace(0, len(images) - 1, count).astype(np.intp)]
