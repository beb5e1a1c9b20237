"""What the figures say, in words: which model to run on which backend, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge_emotion.bench.checks import GATE
from edge_emotion.bench.contest import TOLERANCE
from edge_emotion.bench.naming import (
    backend_name,
    interval,
    milliseconds,
    model_name,
    percent,
    points,
    precision_name,
    row_name,
    setting_name,
)
from edge_emotion.bench.report import UNSTABLE, Report, Result
from edge_emotion.bench.shipping import int8_warnings, shipping_lines


@dataclass(frozen=True)
class Verdict:
    """Plain sentences, ready to be shown."""

    headline: str
    details: tuple[str, ...] = ()
    shipping: tuple[str, ...] = ()
    """Which precision to ship, a sentence for each backend and network."""
    warnings: tuple[str, ...] = ()


def judge(report: Report) -> Verdict:
    """Choose the best row at the smallest batch, and say what it costs."""
    rows = [row for row in report.measured if row.batch == smallest_batch(report)]
    if not rows:
        return Verdict("No backend of this machine could run any of the models.")
    choice = best_row(rows)
    return Verdict(
        headline=_headline(choice),
        details=tuple(_details(report, rows, choice)),
        shipping=tuple(shipping_lines(report.precision_choices, choice.batch)),
        warnings=(
            *int8_warnings(report.precision_choices),
            *_below_gate(report),
            *_unchecked(report),
            *_unstable(report),
            *_failures(report),
        ),
    )


def best_row(rows: Sequence[Result]) -> Result:
    """The fastest of those that lose no more than ``TOLERANCE``; calls of more faces take longer.

    Rows that keep less than ``GATE`` of FP32's accuracy are out, where there are others.
    """
    return min(_accurate(rows), key=_p50)


def smallest_batch(report: Report) -> int:
    """The batch size by which rows are compared: that of a single camera, as far as measured."""
    return min((row.batch for row in report.measured), default=1)


def fp32_of(report: Report, row: Result) -> Result | None:
    """The FP32 row of the same network in the same setting, where there is one."""
    if row.precision == "fp32":
        return None
    for other in report.measured:
        same_setting = other.key[2:] == row.key[2:] and other.precision == "fp32"
        if same_setting and report.network_of(other) == report.network_of(row):
            return other
    return None


def _accurate(rows: Sequence[Result]) -> Sequence[Result]:
    known = [row.accuracy for row in rows if row.accuracy is not None]
    if not known:
        return rows
    floor = max(known) - TOLERANCE
    kept = [row for row in rows if row.accuracy is not None and row.accuracy >= floor]
    return [row for row in kept if not row.below_gate] or kept


def _headline(choice: Result) -> str:
    row = f"{model_name(choice)} on {backend_name(choice.backend)}"
    speed = f"{milliseconds(_p50(choice))} ms a {'face' if choice.batch == 1 else 'batch'}"
    if choice.accuracy is None:
        return f"Fastest: {row}, {speed}."
    return f"Run {row}: {speed}, {percent(choice.accuracy)} correct."


def _details(report: Report, rows: list[Result], choice: Result) -> Iterator[str]:
    yield (
        f"Median with {setting_name(choice)}; 99 of 100 calls take less than "
        f"{milliseconds(choice.latency.p99)} ms."
    )
    yield from _against_fp32(report, choice)
    if choice.accuracy is None:
        yield "Accuracy was not measured: pass --data to learn which of the models to run."
    elif choice.accuracy_ci95 is not None and report.dataset is not None:
        yield (
            f"Accuracy is of {report.dataset.images:,} {report.dataset.split} images, one forward "
            f"pass each; its 95 % interval is {interval(choice.accuracy_ci95)} %."
        )
    yield from _kept(report)
    yield from _under_the_roof(report, choice)
    yield from _alternatives(report, rows, choice)


def _against_fp32(report: Report, choice: Result) -> Iterator[str]:
    fp32 = fp32_of(report, choice)
    if fp32 is None:
        return
    sentence = f"{_p50(fp32) / _p50(choice):.2f}× as fast as FP32 on the same backend"
    if choice.accuracy is not None and fp32.accuracy is not None:
        sentence += f"; accuracy {points(choice.accuracy - fp32.accuracy)}"
    if choice.agreement_with_fp32 is not None:
        sentence += f", the same answer on {percent(choice.agreement_with_fp32)} of images"
    yield f"{sentence}."


def _kept(report: Report) -> Iterator[str]:
    shares = [r.accuracy_over_fp32 for r in report.measured if r.accuracy_over_fp32 is not None]
    if shares and min(shares) >= GATE:
        yield (
            f"Every narrower row keeps at least {percent(min(shares))} of FP32's accuracy on its "
            f"backend; MLPerf asks for {percent(GATE)}."
        )


def _under_the_roof(report: Report, choice: Result) -> Iterator[str]:
    if report.roofline is None or choice.roofline is None:
        return
    peak = report.roofline.peak(choice.precision, choice.threads)
    if peak is not None:
        yield (
            f"{choice.roofline.time_over_ideal:.2f}× the time its arithmetic takes at this "
            f"machine's {precision_name(choice.precision)} convolution peak of "
            f"{peak.gmacs:,.0f} GMAC/s."
        )


def _alternatives(report: Report, rows: list[Result], choice: Result) -> Iterator[str]:
    fastest = min(rows, key=_p50)
    if fastest is not choice and fastest.accuracy is not None and choice.accuracy is not None:
        yield (
            f"Faster, at a price: {model_name(fastest)} on {backend_name(fastest.backend)} takes "
            f"{milliseconds(_p50(fastest))} ms and loses "
            f"{100 * (choice.accuracy - fastest.accuracy):.1f} points."
        )
    busiest = max(report.measured, key=lambda row: row.throughput_ips or 0)
    if busiest.batch > choice.batch:
        yield (
            f"Most faces per second: {model_name(busiest)} on {backend_name(busiest.backend)} "
            f"with {setting_name(busiest)}, {busiest.throughput_ips:,.0f} a second."
        )


def _below_gate(report: Report) -> Iterator[str]:
    for row in report.measured:
        if row.below_gate and row.accuracy_over_fp32 is not None:
            yield (
                f"{row_name(row)}, {setting_name(row)}: keeps {percent(row.accuracy_over_fp32)} of "
                f"FP32's accuracy, less than the {percent(GATE)} that MLPerf asks for."
            )


def _unchecked(report: Report) -> Iterator[str]:
    """Rows whose timed run did other work than the accuracy run."""
    for row in report.measured:
        if row.checks and row.checks.different:
            yield (
                f"{row_name(row)}, {setting_name(row)}: {row.checks.different} of "
                f"{row.checks.sampled} answers of the timed run are not those of the accuracy run."
            )
        if row.checks and row.checks.cached:
            yield (
                f"{row_name(row)}, {setting_name(row)}: a repeated input takes "
                f"{row.checks.repeated_over_different.value:.2f} of the time of different ones; "
                "something keeps answers."
            )


def _unstable(report: Report) -> Iterator[str]:
    rows = [row_name(row) for row in report.measured if row.unstable]
    if rows:
        others = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        yield (
            f"The median of {rows[0]}{others} is uncertain by more than {UNSTABLE / 2:.0%} either "
            "way: measure for longer (--seconds), with nothing else running."
        )


def _failures(report: Report) -> Iterator[str]:
    failed = [row for row in report.results if row.status == "failed"]
    if failed:
        noun = "row" if len(failed) == 1 else "rows"
        yield f"{len(failed)} {noun} failed; the reasons are under “Not measured”."


def _p50(row: Result) -> float:
    return row.latency.p50
