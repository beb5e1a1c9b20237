"""The interface keeps to what its own description says, whatever is sent."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")
schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from edge_emotion.camera.serve.sink import LiveSink  # noqa: E402
from tests.real.live import live_server  # noqa: E402

pytestmark = pytest.mark.real

HEADS = (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP")
"""How pictures begin: without one, a body gets no further than its first bytes."""


@pytest.fixture
def unhurried(model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveSink]:
    """A server that answers any number of requests, and whose frames always come.

    It has no sources, so that no video of it goes on without end.
    """
    monkeypatch.setattr("edge_emotion.camera.serve.app.PREDICTIONS_AT_ONCE", 100_000)
    with live_server(model, sources=0) as sink:
        sink._last_frame = math.inf
        yield sink


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_answers_are_as_described(
    unhurried: LiveSink, mode: schemathesis.GenerationMode
) -> None:
    schema = schemathesis.openapi.from_url(f"{unhurried.url}openapi.json")
    met = set()

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=schema.as_strategy(generation_mode=mode), head=st.sampled_from(HEADS))
    def ask(case: schemathesis.Case, head: bytes) -> None:
        if isinstance(case.body, bytes):
            case.body = head + case.body
        response = case.call_and_validate()
        met.add((case.path, response.status_code))

    ask()
    print(met)
    assert {path for path, _ in met} >= {"/v1/predict", "/video/{source}"}
