from __future__ import annotations

import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.bench.plan import plan
from edge_emotion.bench.publish import publish
from edge_emotion.bench.roofline import Bandwidth, Peak, Position, Roofline, locate
from edge_emotion.bench.roofs import DEPTH, SHAPES, Roofs
from edge_emotion.bench.run import Benchmark, run_benchmark
from edge_emotion.bench.timing import ROUNDS

ROOFLINE = Roofline(
    peaks=(
        Peak(precision="int8", threads=1, gmacs=200, channels=128, side=24),
        Peak(precision="fp32", threads=1, gmacs=50, channels=128, side=24),
    ),
    bandwidths=(Bandwidth(threads=1, gb_per_s=10, array_bytes=2**27),),
)
COST = (40_000_000, 997_668)
"""Multiply-accumulates, and as many INT8 weights as make a million bytes with one face."""


def place(precision: str, batch: int = 1, backend: str = "openvino", threads: int = 1) -> Position:
    found = locate(ROOFLINE, ("m", precision, backend, threads, batch), COST, 0.4)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_a_row_is_measured_against_the_peak_of_its_own_precision() -> None:
    int8, fp32 = place("int8"), place("fp32")
    assert int8.ideal_ms == pytest.approx(0.2)
    assert int8.time_over_ideal == pytest.approx(2)
    assert int8.gmacs == pytest.approx(100)
    assert fp32.time_over_ideal == pytest.approx(0.5)


def test_weights_are_fetched_once_for_the_whole_batch() -> None:
    assert place("int8").macs_per_byte == pytest.approx(40)
    assert place("fp32").macs_per_byte == pytest.approx(10, rel=0.01)
    assert place("int8", batch=8).macs_per_byte == pytest.approx(315, rel=0.01)


def test_the_lower_roof_binds() -> None:
    assert place("int8").bound == "compute"  # 40 MAC/byte x 10 GB/s, against 200
    slow_memory = ROOFLINE.model_copy(
        update={"bandwidths": (Bandwidth(threads=1, gb_per_s=4, array_bytes=2**27),)}
    )
    found = locate(slow_memory, ("m", "int8", "openvino", 1, 1), COST, 0.4)
    assert found is not None
    assert found.bound == "memory"


@pytest.mark.parametrize(
    ("precision", "backend", "threads"),
    [("bf16", "openvino", 1), ("int8", "openvino", 2), ("int8", "tensorrt", 1)],
)
def test_a_row_without_a_roof_of_its_own_has_no_place(
    precision: str, backend: str, threads: int
) -> None:
    assert locate(ROOFLINE, ("m", precision, backend, threads, 1), COST, 0.4) is None  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def measured(models: list[Artifact]) -> Benchmark:
    pytest.importorskip("openvino")
    steps: list[str] = []
    roofs = Roofs((1,), steps.append)
    assert len(steps) == 1
    larger = [
        Artifact(one.path, one.manifest.model_copy(update={"macs": 3_000_000})) for one in models
    ]
    variants = plan(larger, ("openvino",), (1,), (1, 8))
    result = run_benchmark(variants, None, 0.05, lambda _: None, roofs)
    assert all(len(lane.rounds_ns) == ROUNDS for lane in roofs.lanes)
    return result


def test_the_machine_is_measured_beside_the_rows(measured: Benchmark) -> None:
    roofline = measured.report.roofline
    assert roofline is not None
    precisions = {peak.precision for peak in roofline.peaks}
    assert {"int8", "fp32"} <= precisions
    assert {row.precision for row in measured.report.measured} <= precisions
    assert all((peak.channels, peak.side) in SHAPES for peak in roofline.peaks)
    (bandwidth,) = roofline.bandwidths
    assert bandwidth.array_bytes >= 64 * 2**20
    for row in measured.report.measured:
        peak = roofline.peak(row.precision, 1)
        assert peak is not None
        assert row.roofline is not None
        assert row.roofline.ideal_ms == pytest.approx(3 * row.batch / peak.gmacs)


def test_the_stacks_run_in_the_precision_they_stand_for() -> None:
    openvino = pytest.importorskip("openvino")
    from edge_emotion.backends.base import LoadOptions
    from edge_emotion.backends.openvino_runtime import Runtime, executed_layers
    from edge_emotion.bench.roofs import convolutions, fake_quantised, unchanged

    assert openvino
    runtime = Runtime()
    for quantise, expected in ((unchanged, "f32"), (fake_quantised, "int8")):
        compiled = runtime.compile(convolutions(32, 6, quantise), LoadOptions(1))
        layers = [each for each in executed_layers(compiled) if each.kind == "Convolution"]
        assert [layer.precision for layer in layers] == [expected] * DEPTH


def test_every_form_of_the_report_shows_the_roofline(
    measured: Benchmark, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    folder = tmp_path_factory.mktemp("roofline")
    page = publish(measured, folder).read_text()
    assert "Under the roof of this machine, one thread" in page
    assert page.count("<svg") == 6  # without accuracy: latency, scaling, roofline, in two widths
    assert "p50 ÷ ideal" in page
    text = (folder / "report.md").read_text()
    assert "## Roofline" in text
    assert "GMAC/s in convolutions" in text
