"""Two reports side by side, and whether the newer one is past a limit."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose
from typing import Literal

from edge_emotion.bench.bootstrap import round_medians, unpaired_ratio
from edge_emotion.bench.frozen import Frozen, RowIdentity
from edge_emotion.bench.ratio import Ratio
from edge_emotion.bench.report import Report, Result, RowSamples, Samples
from edge_emotion.bench.yardstick import in_yardsticks
from edge_emotion.evaluation import mcnemar_exact

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

    A row is slower when its time ratio is past the limit and the interval, where there is one, lies
    above 1; less accurate when accuracy fell by more than the limit on the same images.
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
        notes=tuple(_notes(old, new, same_machine, same_images, rows)),
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
        times = [_rounds(run, row) for run, row in ((self.old, before), (self.new, after))]
        if times[0] is None or times[1] is None:
            return after.latency.p50 / before.latency.p50, None
        units = [_yardstick(run, len(times[0])) for run in (self.old, self.new)]
        if self.same_machine and units[0] and units[1] and len(times[1]) == len(units[1]):
            times = [in_yardsticks(t or (), u or ()) for t, u in zip(times, units, strict=True)]
        ratio = unpaired_ratio(times[1] or (), times[0] or ())
        return ratio.value, ratio

    def mcnemar(self, before: Result) -> float | None:
        """Of the answers to the same images."""
        if not self.same_images or self.old.samples is None or self.new.samples is None:
            return None
        truth = self.old.samples.truth
        answers = [
            run.samples.by_row()[before.key].predictions
            for run in (self.old, self.new)
            if run.samples is not None and before.key in run.samples.by_row()
        ]
        if truth is None or truth != self.new.samples.truth or len(answers) < 2 or None in answers:
            return None
        right = [[a == t for a, t in zip(each or "", truth, strict=True)] for each in answers]
        only_old = sum(was and not now for was, now in zip(*right, strict=True))
        only_new = sum(now and not was for was, now in zip(*right, strict=True))
        return mcnemar_exact(only_new, only_old)


def _change(before: Result, after: Result | None, pair: _Pair, limits: Limits) -> RowChange:
    model, precision, backend, threads, batch = before.key
    failures: list[Failure] = []
    value: float | None = None
    ratio: Ratio | None = None
    if after is None:
        failures.append("not measured")
    else:
        value, ratio = pair.time_ratio(before, after)
        if value > 1 + limits.latency_increase and (ratio is None or ratio.ci95[0] > 1):
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


def _rounds(run: Run, row: Result) -> tuple[float, ...] | None:
    """Medians of a row's rounds; ``None`` where its samples are not those of the report."""
    samples: RowSamples | None = run.samples.by_row().get(row.key) if run.samples else None
    if samples is None or not samples.samples_ns:
        return None
    p50_ms = statistics.median(samples.samples_ns) / 1e6
    if not isclose(p50_ms, row.latency.p50, rel_tol=1e-6):
        return None
    return round_medians(samples.rounds_ns)


def _yardstick(run: Run, rounds: int) -> tuple[float, ...] | None:
    """Medians of the yardstick's rounds, if there are as many as a row has."""
    timed = run.samples.yardstick_rounds_ns if run.samples else ()
    return round_medians(timed) if len(timed) == rounds else None


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
