"""Requests at random, and a pile of images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.backends import Faces
from edge_emotion.bench import scenarios
from edge_emotion.bench.plan import plan
from edge_emotion.bench.publish import publish
from edge_emotion.bench.run import run_benchmark
from edge_emotion.bench.scenarios import LOADS, OFFLINE_BATCH, measure_scenarios
from edge_emotion.bench.timing import Lane
from tests.backends.classifiers import random_faces

pytest.importorskip("onnxruntime")

FACES = random_faces(64)
SERVICE_NS = 2_000_000
TICK_NS = 100_000


class Clock:
    """Time that passes when somebody looks, and by a server's work: no load disturbs it."""

    def __init__(self) -> None:
        self._now = 0

    def __call__(self) -> int:
        self._now += TICK_NS
        return self._now

    def serve(self, _: Faces) -> None:
        """Take two milliseconds for a request."""
        self._now += SERVICE_NS


def test_requests_wait_for_the_ones_before_them(
    models: list[Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(scenarios, "perf_counter_ns", clock)
    (variant,) = plan(models[:1], ("onnxruntime",), (1,), (1,))
    lane = Lane(clock.serve, [face[None] for face in FACES], rounds_ns=[[SERVICE_NS] * 10])
    found = measure_scenarios(variant, lane, FACES, 0.5)
    assert [each.load for each in found.server] == list(LOADS)
    assert [each.rate_ips for each in found.server] == pytest.approx([250, 400])
    half, most = (each.latency_ms for each in found.server)
    assert half.min >= 2.0, "nobody is served faster than the service takes"
    # The mean wait of random arrivals and constant service is service * load / 2 / (1 - load).
    assert half.mean == pytest.approx(2.0 + 1.0, rel=0.2)
    assert most.mean == pytest.approx(2.0 + 4.0, rel=0.4)
    assert half.p50 < 4.0
    assert most.p50 > half.p50
    assert found.offline_ips == pytest.approx(OFFLINE_BATCH / TICK_NS * 1e9, rel=0.01)


def test_rows_of_one_face_are_measured_under_load_where_it_is_asked(
    models: list[Artifact], tmp_path: Path
) -> None:
    variants = plan(models[:1], ("onnxruntime",), (1,), (1, 8))
    done = run_benchmark(variants, None, 0.05, lambda _: None, scenarios=True)
    single, eight = done.report.measured
    assert single.scenarios is not None
    assert eight.scenarios is None
    assert np.isfinite(single.scenarios.offline_ips)
    publish(done, tmp_path)
    for file in ("report.md", "report.html"):
        assert "p50 / p99 at 80%" in (tmp_path / file).read_text().replace("\\", "")
