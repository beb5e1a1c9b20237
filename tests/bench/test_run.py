from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.bench.figures import Latency
from edge_emotion.bench.plan import Variant, plan
from edge_emotion.bench.report import Result
from edge_emotion.bench.run import Benchmark, run_benchmark
from edge_emotion.bench.stages import LoopFigures
from edge_emotion.bench.timing import ROUNDS
from edge_emotion.errors import BackendError
from edge_emotion.evaluation import wilson_interval
from edge_emotion.evaluation.exam import Exam
from tests.backends.classifiers import CONVOLUTIONS

CONTRACT = {
    "model", "precision", "backend", "threads", "batch", "status", "reason", "latency_ms",
    "throughput_ips", "accuracy", "accuracy_ci95", "agreement_with_fp32", "file_bytes",
    "cold_start_ms", "effective_precision", "inference_precision", "audit", "roofline",
    "p50_ci95_ms", "variation", "checks", "energy", "memory",
    "accuracy_leak_free", "accuracy_over_fp32", "compile_ms", "warm_start_ms",
    "scenarios", "stages",
}  # fmt: skip


def test_every_combination_is_a_row_with_the_keys_of_the_contract(benchmark: Benchmark) -> None:
    document = benchmark.report.model_dump(mode="json", by_alias=True)
    assert document["schema"] == "edge-emotion/benchmark/1"
    assert {"environment", "results"} <= document.keys()
    assert all(row.keys() == CONTRACT for row in document["results"])
    rows = {
        (row["model"], row["backend"], row["batch"], row["status"]) for row in document["results"]
    }
    assert rows == {
        (model, backend, batch, "skipped" if backend == "torch" else "ok")
        for model in ("classifier", "classifier-fp32")
        for backend in ("openvino", "onnxruntime", "torch")
        for batch in (1, 8)
    }
    latency = document["results"][0]["latency_ms"]
    assert latency.keys() == {"p50", "p90", "p95", "p99", "mean", "min", "max"}
    ordered = [latency[key] for key in ("min", "p50", "p90", "p95", "p99", "max")]
    assert ordered == sorted(ordered)
    assert 0 < ordered[0] < ordered[-1]


def test_every_figure_can_be_derived_again_from_the_samples(benchmark: Benchmark) -> None:
    truth = np.array(list(benchmark.samples.truth or ""))
    raw = benchmark.samples.by_row()
    assert raw.keys() == {row.key for row in benchmark.report.measured}
    for row in benchmark.report.measured:
        samples = raw[row.key]
        assert len(samples.rounds_ns) == ROUNDS
        assert all(samples.rounds_ns)
        assert row.latency == Latency.of(samples.samples_ns)
        assert row.p50_ci95_ms is not None
        low, high = row.p50_ci95_ms
        assert low <= high
        assert 0.8 * low <= row.latency.p50 <= 1.25 * high, "rounds' medians and the median of all"
        seconds = sum(samples.samples_ns) / 1e9
        images = len(samples.samples_ns) * row.batch
        assert row.throughput_ips == pytest.approx(images / seconds)
        answers = np.array(list(samples.predictions or ""))
        correct = int((answers == truth).sum())
        assert row.accuracy == correct / len(truth)
        assert row.accuracy_ci95 == wilson_interval(correct, len(truth))
        fresh = np.array(list(benchmark.samples.seen or "")) == "0"
        assert row.accuracy_leak_free == (answers == truth)[fresh].mean()
        reference = raw[("classifier-fp32", "fp32", *row.key[2:])]
        agreement = float((answers == np.array(list(reference.predictions or ""))).mean())
        assert row.agreement_with_fp32 == (None if row.precision == "fp32" else agreement)


def test_the_timed_run_gave_the_answers_of_the_accuracy_run(benchmark: Benchmark) -> None:
    for row in benchmark.report.measured:
        assert row.checks is not None
        assert row.checks.sampled == ROUNDS
        assert row.checks.different == 0
        low, high = row.checks.repeated_over_different.ci95
        assert low <= row.checks.repeated_over_different.value <= high


def test_answers_are_held_against_each_other_and_against_the_truth(benchmark: Benchmark) -> None:
    report, truth = benchmark.report, np.array(list(benchmark.samples.truth or ""))
    given = {
        (row.model, row.precision, row.backend): np.array(list(row.predictions or ""))
        for row in benchmark.samples.rows
    }
    assert {(who.model, who.precision, who.backend) for who in report.recognition} == given.keys()
    for who in report.recognition:
        answers = given[who.model, who.precision, who.backend]
        for place, share in enumerate(who.recall.values()):
            of_class = truth == str(place)
            assert share == pytest.approx((answers[of_class] == str(place)).mean())
    assert len(report.agreements) == len(given) * (len(given) - 1) // 2
    for row in report.measured:
        if row.precision == "fp32":
            assert row.accuracy_over_fp32 is None
        else:
            fp32 = given["classifier-fp32", "fp32", row.backend]
            own = given[row.model, row.precision, row.backend]
            assert row.accuracy_over_fp32 == pytest.approx(
                (own == truth).sum() / (fp32 == truth).sum()
            )
    for pair in report.agreements:
        one, other = (given[w.model, w.precision, w.backend] for w in (pair.one, pair.other))
        assert pair.agreement == pytest.approx((one == other).mean())
        assert pair.only_one - pair.only_other == (one == truth).sum() - (other == truth).sum()
        assert 0 < pair.mcnemar_p <= 1


def test_rows_tell_what_really_ran(benchmark: Benchmark, models: list[Artifact]) -> None:
    sizes = {artifact.path.name: artifact.path.stat().st_size for artifact in models}
    ran = {(model.model, model.file) for model in benchmark.report.models}
    assert ran == {
        ("classifier", "classifier.cpu.onnx"),
        ("classifier-fp32", "classifier.none.onnx"),
    }
    for row in benchmark.report.measured:
        name = "classifier.cpu.onnx" if row.precision == "int8" else "classifier.none.onnx"
        assert row.file_bytes == sizes[name]
        assert row.cold_start_ms is not None
        assert row.cold_start_ms > row.latency.min
        assert row.compile_ms is not None
        assert 0 < row.compile_ms < row.cold_start_ms
        assert row.warm_start_ms is not None
        assert row.warm_start_ms > row.latency.min
        assert row.memory is not None
        assert row.memory.peak_bytes is not None
        assert 2**24 < row.memory.before_bytes <= row.memory.peak_bytes
        assert row.memory.after_bytes <= row.memory.peak_bytes
        precisions = row.effective_precision or {}
        dominant = max(precisions, key=precisions.__getitem__)
        assert dominant == {"fp32": "f32", "fp16": "f16"}.get(row.precision, row.precision)
        assert row.inference_precision == (dominant if row.precision != "int8" else "f32")


def test_every_row_lists_what_did_not_run_in_int8(benchmark: Benchmark) -> None:
    for row in benchmark.report.measured:
        assert row.audit is not None
        floats = sum(n for name, n in (row.effective_precision or {}).items() if name != "int8")
        assert len(row.audit.not_int8) == floats
        assert (floats > CONVOLUTIONS) == (row.precision != "int8")
        assert not {layer.name for layer in row.audit.not_int8} & {
            layer.name for layer in row.audit.conversions
        }
        assert row.audit.conversions  # the input at least is laid out anew, or quantised


def test_precisions_compete_on_each_backend_in_each_setting(benchmark: Benchmark) -> None:
    settings = {(c.backend, c.threads, c.batch): c for c in benchmark.report.precision_choices}
    assert settings.keys() == {row.key[2:] for row in benchmark.report.measured}
    for setting, choice in settings.items():
        rows = {row.key[:2] for row in benchmark.report.measured if row.key[2:] == setting}
        entries = [choice.ship, *choice.rivals]
        assert {(entry.model, entry.precision) for entry in entries} == rows
        for rival in choice.rivals:
            low, high = rival.time_ratio.ci95
            assert low <= rival.time_ratio.value <= high


def test_a_cold_start_is_cold_and_leaves_the_users_cache_alone(
    models: list[Artifact], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EDGE_EMOTION_CACHE", str(tmp_path / "cache"))
    variants = plan(models, ("openvino",), (1,), (1,))
    run_benchmark(variants, None, 0.02, lambda _: None)
    assert not (tmp_path / "cache").exists()
    assert os.environ["EDGE_EMOTION_CACHE"] == str(tmp_path / "cache")


def test_accuracy_is_unknown_without_labelled_faces(models: list[Artifact]) -> None:
    variants = plan(models[:1], ("onnxruntime",), (1,), (1,))
    result = run_benchmark(variants, None, 0.02, lambda _: None)
    (row,) = result.report.results
    assert row.status == "ok"
    assert (row.accuracy, row.accuracy_ci95, row.agreement_with_fp32) == (None, None, None)
    assert result.report.dataset is None
    assert result.samples.truth is None
    assert result.samples.rows[0].predictions is None


def test_a_model_that_no_runtime_can_read_fails_alone(
    broken: Artifact, models: list[Artifact], exam: Exam
) -> None:
    steps: list[str] = []
    variants = plan([broken, models[0]], ("onnxruntime", "openvino"), (1,), (1,))
    result = run_benchmark(variants, exam, 0.02, steps.append)
    statuses = {(row.model, row.backend): row for row in result.report.results}
    for backend in ("onnxruntime", "openvino"):
        failed = statuses["broken", backend]
        assert failed.status == "failed"
        assert "broken.onnx" in (failed.reason or "")
        assert "\n" not in (failed.reason or "")
        assert statuses["classifier", backend].status == "ok"
    assert {sample.model for sample in result.samples.rows} == {"classifier"}
    assert any("classifier int8 on openvino" in step for step in steps)


def test_a_row_has_either_figures_or_a_reason() -> None:
    fields = {"model": "m", "precision": "int8", "backend": "b", "threads": 1, "batch": 1}
    with pytest.raises(ValueError, match="figures"):
        Result.model_validate({**fields, "status": "ok"})
    latency = Latency.of([1_000_000])
    with pytest.raises(ValueError, match="figures"):
        Result.model_validate(
            {**fields, "status": "skipped", "reason": "absent", "latency_ms": latency}
        )


def test_a_loop_that_fails_is_the_reason_of_its_row_alone(models: list[Artifact]) -> None:
    def loop(variant: Variant) -> LoopFigures:
        if variant.precision == "int8":
            raise BackendError("the loop broke", "mend it")
        return LoopFigures(
            frames=1, faces=0, fps=1, capture_to_event_p50_ms=1, capture_to_event_p95_ms=1,
            stages_p50_ms={},
        )  # fmt: skip

    variants = plan([models[0], models[2]], ("onnxruntime",), (1,), (1,))
    rows = run_benchmark(variants, None, 0.05, lambda _: None, run_loop=loop).report.results
    by_precision = {row.precision: row for row in rows}
    assert by_precision["int8"].status == "failed"
    assert "the loop broke" in (by_precision["int8"].reason or "")
    assert by_precision["fp32"].stages is not None
