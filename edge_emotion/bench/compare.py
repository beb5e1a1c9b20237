"""Two reports side by side, and whether the newer one is past a limit."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Literal

import numpy as np

from edge_emotion.bench.accuracy import classes
from edge_emotion.bench.bootstrap import round_medians, unpaired_ratio
from edge_emotion.bench.frozen import Frozen, RowIdentity
from edge_emotion.bench.ratio import Ratio
from edge_emotion.bench.report import Report, Result, RowSamples, Samples
from edge_emotion.bench.yardstick import in_yardsticks
from edge_emotion.evaluation import Classes, Contrast

Failure = Literal["slower", "less accurate", "not measured"]


@dataclass(frozen=True)
class Run:
    """A report with its raw samples, where they are still there."""

    report: Report
    samples: Samples | None


@dataclass(frozen=True)
class Limits:
    """How much worse the newer report may be.

    Args:
        latency_increase: of the median, as a share: 0.05 lets it be 5 % longer.
        accuracy_drop: as a share of all images: 0.002 lets it be 0.2 points lower.
    """

    latency_increase: float
    accuracy_drop: float


class RowChange(RowIdentity):
    """One row that the older report has measured."""

    p50_ms: tuple[float, float | None]
    """Before and after."""
    time_ratio: float | None
    """After ÷ before: in yardsticks where both runs timed one on this machine."""
    time_ratio_ci95: tuple[float, float] | None
    """``None`` without samples."""
    accuracy: tuple[float | None, float | None]
    """Before and after."""
    mcnemar_p: float | None
    """Of the exact test on the images of both, where samples have the answers."""
    failures: tuple[Failure, ...]
    """Limits that it is past."""

    def undecided(self, limits: Limits) -> bool:
        """Whether the interval of its time lies on both sides of the limit."""
        if self.time_ratio_ci95 is None:
            return False
        low, high = self.time_ratio_ci95
        return low <= 1 + limits.latency_increase < high


class Comparison(Frozen):
    """What changed between two reports."""

    rows: tuple[RowChange, ...]
    added: tuple[str, ...]
    """Rows that only the newer report has, as ``model precision backend threads batch``."""
    notes: tuple[str, ...]
    """What to know before believing it."""

    @property
    def failed(self) -> tuple[RowChange, ...]:
        """Rows past a limit."""
        return tuple(row for row in self.rows if row.failures)


def compare(old: Run, new: Run, limits: Limits) -> Comparison:
    """Compare every row that the older report has measured with the same row of the newer one.

    A row is slower when its time ratio is past the limit with the whole of its interval, where
    there is one; an interval on both sides of the limit decides nothing, and a note says so. It is
    less accurate when accuracy fell by more than the limit on the same images.
    """
    after = {row.key: row for row in new.report.measured}
    same_machine = _machine(old) == _machine(new)
    same_images = old.report.dataset == new.report.dataset
    rows = tuple(
        _change(row, after.get(row.key), _Pair(old, new, same_machine, same_images), limits)
        for row in old.report.measured
    )
    before = {row.key for row in old.report.measured}
    return Comparison(
        rows=rows,
        added=tuple(" ".join(map(str, key)) for key in after if key not in before),
        notes=(
            *_notes(old, new, same_machine, same_images, rows),
            *_undecided(rows, limits),
        ),
    )


@dataclass(frozen=True)
class _Pair:
    """Where the figures of a row come from."""

    old: Run
    new: Run
    same_machine: bool
    same_images: bool

    def time_ratio(self, before: Result, after: Result) -> tuple[float, Ratio | None]:
        """The ratio of medians, and with its interval where both runs have the row's samples."""
        old, new = _rounds(self.old, before), _rounds(self.new, after)
        if not old or not new:
            return after.latency.p50 / before.latency.p50, None
        old_units, new_units = _yardstick(self.old, len(old)), _yardstick(self.new, len(new))
        if self.same_machine and old_units and new_units:
            old, new = in_yardsticks(old, old_units), in_yardsticks(new, new_units)
        ratio = unpaired_ratio(new, old)
        return ratio.value, ratio

    def mcnemar(self, before: Result) -> float | None:
        """Of the answers to the same images."""
        old, new = _answers(self.old, before), _answers(self.new, before)
        if not self.same_images or old is None or new is None:
            return None
        (truth, answers), (same_truth, others) = old, new
        if not np.array_equal(truth, same_truth):
            return None
        return Contrast.between(others, answers, truth).mcnemar_p


def _change(before: Result, after: Result | None, pair: _Pair, limits: Limits) -> RowChange:
    model, precision, backend, threads, batch = before.key
    failures: list[Failure] = []
    value: float | None = None
    ratio: Ratio | None = None
    if after is None:
        failures.append("not measured")
    else:
        value, ratio = pair.time_ratio(before, after)
        if (ratio.ci95[0] if ratio else value) > 1 + limits.latency_increase:
            failures.append("slower")
        if _dropped(before, after, limits, pair.same_images):
            failures.append("less accurate")
    return RowChange(
        model=model,
        precision=precision,
        backend=backend,
        threads=threads,
        batch=batch,
        p50_ms=(before.latency.p50, after.latency.p50 if after else None),
        time_ratio=value,
        time_ratio_ci95=ratio.ci95 if ratio else None,
        accuracy=(before.accuracy, after.accuracy if after else None),
        mcnemar_p=pair.mcnemar(before) if after else None,
        failures=tuple(failures),
    )


def _dropped(before: Result, after: Result, limits: Limits, same_images: bool) -> bool:
    if before.accuracy is None or after.accuracy is None or not same_images:
        return False
    drop = before.accuracy - after.accuracy
    return drop > limits.accuracy_drop and not isclose(drop, limits.accuracy_drop, rel_tol=1e-9)


def _rounds(run: Run, row: Result) -> tuple[float, ...]:
    """Medians of a row's rounds; none where its samples are not those of the report."""
    samples = _samples(run, row)
    if samples is None or not samples.samples_ns:
        return ()
    p50_ms = statistics.median(samples.samples_ns) / 1e6
    belongs = isclose(p50_ms, row.latency.p50, rel_tol=1e-6)
    return round_medians(samples.rounds_ns) if belongs else ()


def _yardstick(run: Run, rounds: int) -> tuple[float, ...]:
    """Medians of the yardstick's rounds, if there are as many as a row has."""
    timed = run.samples.yardstick_rounds_ns if run.samples else ()
    return round_medians(timed) if len(timed) == rounds else ()


def _answers(run: Run, row: Result) -> tuple[Classes, Classes] | None:
    """The labels of the images, and what the row answered to them."""
    samples = _samples(run, row)
    if run.samples is None or samples is None:
        return None
    truth, predictions = run.samples.truth, samples.predictions
    if truth is None or predictions is None or len(truth) != len(predictions):
        return None
    return classes(truth), classes(predictions)


def _samples(run: Run, row: Result) -> RowSamples | None:
    return run.samples.by_row().get(row.key) if run.samples else None


def _machine(run: Run) -> tuple[object, ...]:
    environment = run.report.environment
    return environment.machine, environment.cpu, environment.cores, environment.memory_bytes


def _notes(
    old: Run, new: Run, same_machine: bool, same_images: bool, rows: Sequence[RowChange]
) -> list[str]:
    notes = []
    if not same_machine:
        notes.append(
            f"the reports are of different machines ({old.report.environment.cpu}, "
            f"{new.report.environment.cpu}): ratios of time say nothing of the builds"
        )
    if not same_images and old.report.dataset and new.report.dataset:
        notes.append("the reports are of different images: accuracies are not compared")
    if any(row.time_ratio is not None and row.time_ratio_ci95 is None for row in rows):
        notes.append("rows without an interval have no samples.json that belongs to their report")
    yardsticks = all(run.samples and run.samples.yardstick_rounds_ns for run in (old, new))
    if same_machine and not yardsticks:
        notes.append("a report without a yardstick: the machine's own drift is in the ratios")
    return notes


def _undecided(rows: Sequence[RowChange], limits: Limits) -> Iterator[str]:
    for row in rows:
        if row.time_ratio_ci95 is not None and row.undecided(limits):
            low, high = row.time_ratio_ci95
            yield (
                f"{' '.join(map(str, row.key))}: the machine left open whether it is slower by "
                f"more than the limit ({low:.2f} to {high:.2f}): measure both again"
            )
