"""Two reports side by side."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from edge_emotion.bench.bootstrap import median_interval, unpaired_ratio
from edge_emotion.bench.compare import Comparison, Limits, Run, compare
from edge_emotion.bench.compare_text import render_comparison
from edge_emotion.bench.figures import Latency
from edge_emotion.bench.report import Report, Result, RowSamples, Samples
from tests.bench.reports import IMAGES, refused, report, row

LIMITS = Limits(latency_increase=0.05, accuracy_drop=0.002)
ROUNDS = 10


def noisy(
    microseconds: float, seed: int, drift: Sequence[float] = (1.0,) * ROUNDS
) -> list[list[int]]:
    """Ten rounds of fifty calls that scatter by a few percent; each round may run at its pace."""
    dice = random.Random(seed)  # noqa: S311 - not for secrets
    return [
        [round(1000 * microseconds * pace * dice.lognormvariate(0, 0.03)) for _ in range(50)]
        for pace in drift
    ]


def run(
    microseconds: float,
    seed: int,
    drift: Sequence[float] = (1.0,) * ROUNDS,
    *,
    yardstick: bool = True,
    correct: int | None = None,
) -> Run:
    """A run of one row, with its samples."""
    rounds = noisy(microseconds, seed, drift)
    flat = [sample for timed in rounds for sample in timed]
    measured = row("small", "int8", 1.0, correct=correct)
    measured = measured.model_copy(update={"latency_ms": Latency.of(flat)})
    model, precision, backend, threads, batch = measured.key
    samples = RowSamples(
        model=model,
        precision=precision,
        backend=backend,
        threads=threads,
        batch=batch,
        rounds_ns=tuple(map(tuple, rounds)),
        predictions=None if correct is None else "0" * correct + "1" * (IMAGES - correct),
    )
    unit = noisy(100, seed + 1000, drift) if yardstick else []
    truth = None if correct is None else "0" * IMAGES
    kept = Samples(truth=truth, rows=(samples,), yardstick_rounds_ns=tuple(map(tuple, unit)))
    return Run(report(measured), kept)


def alone(*rows: Result) -> Run:
    """A run whose samples are gone."""
    return Run(report(*rows), None)


def changed(comparison: Comparison) -> tuple[str, ...]:
    (only,) = comparison.rows
    return only.failures


def test_two_runs_of_one_build_are_no_regression() -> None:
    for seed in range(20):
        comparison = compare(run(200, seed), run(200, 500 + seed), LIMITS)
        assert changed(comparison) == ()
        assert not comparison.notes


@pytest.mark.parametrize("microseconds", [200, 220])
def test_what_a_restless_machine_leaves_open_is_no_verdict(microseconds: float) -> None:
    restless = (0.8, 1.25) * (ROUNDS // 2)
    after = run(microseconds, 2, restless, yardstick=False)
    comparison = compare(run(200, 1), after, LIMITS)
    (open_row,) = [note for note in comparison.notes if "measure both again" in note]
    assert open_row.startswith("small int8 openvino 1 1: ")
    assert comparison.rows[0].undecided(LIMITS)
    assert changed(comparison) == ()


def test_a_tenth_more_time_is_caught_every_time() -> None:
    for seed in range(20):
        assert changed(compare(run(200, seed), run(220, 500 + seed), LIMITS)) == ("slower",)


def test_what_slowed_the_machine_as_a_whole_is_no_regression() -> None:
    slow = [1.2, 1.15, 1.25, 1.2, 1.1, 1.2, 1.3, 1.2, 1.15, 1.2]
    assert changed(compare(run(200, 1), run(200, 2, slow), LIMITS)) == ()
    without = compare(run(200, 1), run(200, 2, slow, yardstick=False), LIMITS)
    assert changed(without) == ("slower",)
    assert any("yardstick" in note for note in without.notes)


def test_a_slower_row_is_not_hidden_by_a_slower_machine() -> None:
    assert changed(compare(run(200, 1), run(225, 2, [1.2] * ROUNDS), LIMITS)) == ("slower",)


def test_without_samples_the_medians_alone_decide() -> None:
    before = alone(row("small", "int8", 1.0))
    assert changed(compare(before, alone(row("small", "int8", 1.04)), LIMITS)) == ()
    comparison = compare(before, alone(row("small", "int8", 1.06)), LIMITS)
    assert changed(comparison) == ("slower",)
    assert comparison.rows[0].time_ratio_ci95 is None
    assert any("samples.json" in note for note in comparison.notes)


def test_samples_of_another_report_are_not_believed() -> None:
    before, after = run(200, 1), run(200, 2)
    edited = after.report.results[0].model_copy(
        update={"latency_ms": Latency.of([230_000] * 3), "throughput_ips": 4000.0}
    )
    stale = Run(report(edited), after.samples)
    assert changed(compare(before, stale, LIMITS)) == ("slower",)


@pytest.mark.parametrize(("lost", "failures"), [(7, ()), (8, ("less accurate",))])
def test_accuracy_may_fall_by_the_limit_and_no_more(lost: int, failures: tuple[str, ...]) -> None:
    comparison = compare(run(200, 1, correct=2500), run(200, 2, correct=2500 - lost), LIMITS)
    assert changed(comparison) == failures
    # Every image that was lost was lost to one side: a coin falls so in 2 of 2^lost cases.
    assert comparison.rows[0].mcnemar_p == pytest.approx(2 / 2**lost)


def test_accuracies_on_other_images_are_not_compared() -> None:
    before, after = run(200, 1, correct=2500), run(200, 2, correct=2000)
    assert after.report.dataset is not None
    other = after.report.dataset.model_copy(update={"split": "private"})
    moved = Run(after.report.model_copy(update={"dataset": other}), after.samples)
    comparison = compare(before, moved, LIMITS)
    assert changed(comparison) == ()
    assert any("different images" in note for note in comparison.notes)


def test_a_row_that_is_gone_fails_and_a_new_one_is_named() -> None:
    before = alone(row("small", "int8", 1.0))
    after = alone(refused("small", "openvino", "it broke"), row("tiny", "int8", 0.5))
    comparison = compare(before, after, LIMITS)
    assert changed(comparison) == ("not measured",)
    assert comparison.added == ("tiny int8 openvino 1 1",)


def test_another_machine_is_said() -> None:
    before, after = run(200, 1), run(200, 2)
    board = after.report.environment.model_copy(update={"cpu": "Jetson Orin Nano"})
    elsewhere = Run(_with_environment(after.report, board), after.samples)
    (note,) = compare(before, elsewhere, LIMITS).notes
    assert "Jetson Orin Nano" in note


def test_the_text_has_verdict_rows_and_notes() -> None:
    before, after = run(200, 1, correct=2500), run(230, 2, correct=2480)
    text = render_comparison(compare(before, after, LIMITS), LIMITS)
    assert text.startswith("**1 of 1 row past a limit** (limits: 5 % more time, 0.2 points less")
    assert "| small | int8 | OpenVINO | 1 | 1 | 0.2" in text
    assert "slower, less accurate |" in text
    columns = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert len(columns) == 1


def test_intervals_hold_the_median_and_narrow_with_the_noise() -> None:
    calm, rough = [100.0, 101, 99, 100, 100, 101, 99, 100, 100, 100], [80.0, 120, 100, 90, 110] * 2
    for medians in (calm, rough):
        low, high = median_interval(medians)
        assert low <= 100 <= high
    assert median_interval(calm)[1] - median_interval(calm)[0] < 2
    assert median_interval(rough)[1] - median_interval(rough)[0] > 10
    ratio = unpaired_ratio([value * 1.1 for value in calm], calm)
    assert ratio.value == pytest.approx(1.1)
    assert ratio.believable


def _with_environment(old: Report, environment: object) -> Report:
    return old.model_copy(update={"environment": environment})
