from __future__ import annotations

from edge_emotion.bench.contest import Competitor, Entry, PrecisionChoice, choose
from edge_emotion.bench.frozen import RowPrecision
from edge_emotion.bench.verdict import judge
from tests.bench.reports import refused, report, row


def contest(backend: str, *timed: tuple[RowPrecision, float]) -> PrecisionChoice:
    """A contest in which every call of a precision took so many milliseconds."""
    competitors = [
        Competitor(
            Entry(model=f"small-{precision}", precision=precision, accuracy=None),
            [[round(p50 * 1e6)]] * 10,
        )
        for precision, p50 in timed
    ]
    return choose("small", (backend, 1, 1), competitors)


def test_speed_wins_among_rows_of_equal_accuracy() -> None:
    verdict = judge(
        report(
            row("small", "int8", 0.25, correct=2460, agreement_with_fp32=0.99),
            row("small-fp32", "fp32", 0.75, correct=2465),
        )
    )
    assert verdict.headline == "Run small int8 on OpenVINO: 0.250 ms a face, 68.5 % correct."
    assert any(
        "3.00× as fast as FP32" in line and "−0.1 points" in line and "99.0 %" in line
        for line in verdict.details
    )
    assert verdict.warnings == ()


def test_a_difference_too_small_to_show_is_not_given_a_sign() -> None:
    verdict = judge(
        report(
            row("small", "int8", 0.25, correct=2464), row("small-fp32", "fp32", 0.75, correct=2465)
        )
    )
    (line,) = [line for line in verdict.details if "as fast as FP32" in line]
    assert "accuracy within 0.05 points" in line
    assert "0.0 points" not in line


def test_accuracy_is_not_given_up_silently() -> None:
    verdict = judge(
        report(row("small", "int8", 0.25, correct=2460), row("tiny", "int8", 0.1, correct=2360))
    )
    assert verdict.headline.startswith("Run small int8")
    assert any("tiny int8" in line and "2.8 points" in line for line in verdict.details)


def test_speed_alone_decides_where_accuracy_is_unknown() -> None:
    verdict = judge(report(row("small", "int8", 0.25), row("tiny", "int8", 0.1)))
    assert verdict.headline == "Fastest: tiny int8 on OpenVINO, 0.100 ms a face."
    assert any("--data" in line for line in verdict.details)


def test_int8_that_is_slower_is_called_out_and_the_winner_named() -> None:
    choices = (
        contest("openvino", ("int8", 0.25), ("fp32", 0.7)),
        contest("onnxruntime", ("int8", 0.8), ("bf16", 0.4), ("fp32", 0.6)),
    )
    rows = (row("small", "int8", 0.25), row("small-fp32", "fp32", 0.7))
    verdict = judge(report(*rows, choices=choices))
    (warning,) = verdict.warnings
    assert "INT8 is slower than BF16 on ONNX Runtime" in warning
    openvino, onnxruntime = verdict.shipping
    assert openvino.startswith("OpenVINO, small, 1 thread, batch 1: ship INT8, 2.80× as fast as")
    assert "ship BF16, 2.00× as fast as INT8 (2.00 to 2.00); 1.50× as fast as FP32" in onnxruntime


def test_int8_that_is_as_fast_as_fp32_is_not_worth_its_rounding() -> None:
    choice = contest("openvino", ("int8", 0.6), ("fp32", 0.6))
    verdict = judge(report(row("small", "int8", 0.6), choices=(choice,)))
    assert "INT8 is not measurably faster than FP32" in verdict.warnings[0]
    assert "ship FP32" in verdict.shipping[0]


def test_the_smallest_batch_decides_and_the_largest_throughput_is_told() -> None:
    verdict = judge(report(row("small", "int8", 0.25), row("small", "int8", 0.8, batch=8)))
    assert verdict.headline == "Fastest: small int8 on OpenVINO, 0.250 ms a face."
    assert any("batch 8, 10,000 a second" in line for line in verdict.details)


def test_nothing_measured_is_said_plainly() -> None:
    assert "No backend" in judge(report(refused("small", "openvino", "broken"))).headline


def test_failed_rows_are_not_passed_over() -> None:
    verdict = judge(report(row("small", "int8", 0.25), refused("small", "onnxruntime", "broken")))
    assert any("1 row failed" in line for line in verdict.warnings)


def test_a_median_that_the_machine_left_uncertain_is_flagged() -> None:
    calm = row("small", "int8", 1.0, p50_ci95_ms=(0.96, 1.05))
    rough = row("tiny", "int8", 0.5, p50_ci95_ms=(0.45, 0.56))
    assert not calm.unstable
    assert rough.unstable
    (warning,) = judge(report(calm, rough)).warnings
    assert "tiny int8 · OpenVINO" in warning
    assert judge(report(calm)).warnings == ()


def test_a_narrower_model_that_loses_too_much_is_named_and_not_chosen() -> None:
    fine = row("small", "int8", 0.25, correct=2470, accuracy_over_fp32=0.9954)
    poor = row("small", "int8", 0.2, backend="onnxruntime", correct=2455, accuracy_over_fp32=0.989)
    reference = row("small-fp32", "fp32", 0.75, correct=2472)
    verdict = judge(report(fine, reference))
    assert any("at least 99.5 % of FP32's accuracy" in line for line in verdict.details)
    assert not verdict.warnings
    verdict = judge(report(fine, poor, reference))
    assert verdict.headline.startswith("Run small int8 on OpenVINO")
    (warning,) = verdict.warnings
    assert "ONNX Runtime" in warning
    assert "98.9 % of FP32's accuracy" in warning
    assert not any("at least" in line for line in verdict.details)
    assert judge(report(poor)).headline.startswith("Run small int8 on ONNX Runtime")
