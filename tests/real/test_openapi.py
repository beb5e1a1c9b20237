"""The interface keeps to what its own description says, whatever is sent."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")
schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from edge_emotion.camera.serve.sink import LiveSink  # noqa: E402
from tests.real.live import TOKEN, live_server  # noqa: E402

pytestmark = pytest.mark.real

HEADS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP")
"""How pictures begin: without one, a body gets no further than its first bytes."""

PICTURES = [
    schemathesis.checks.positive_data_acceptance,
    schemathesis.checks.negative_data_rejection,
]
"""Checks that believe the schema on which bodies are right, which cannot say what a picture is."""


def with_head(body: Any, head: bytes) -> Any:
    """A body, or the picture in a form, that begins as pictures do."""
    if isinstance(body, dict) and isinstance(body.get("image"), bytes):
        return body | {"image": head + body["image"]}
    return head + body if isinstance(body, bytes) else body


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
    unhurried: LiveSink, jpeg: bytes, mode: schemathesis.GenerationMode
) -> None:
    schema = schemathesis.openapi.from_url(f"{unhurried.url}openapi.json")
    met: set[tuple[str, int]] = set()

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=schema.as_strategy(generation_mode=mode), head=st.sampled_from((b"", *HEADS, jpeg)))
    def ask(case: schemathesis.Case, head: bytes) -> None:
        case.body = with_head(case.body, head)
        response = case.call_and_validate(excluded_checks=PICTURES)
        met.add((case.path, response.status_code))

    ask()
    assert {path for path, _ in met} >= {"/v1/predict", "/video/{source}"}
    assert all(status < 500 for _, status in met)


def test_what_is_read_from_a_picture_is_as_described(unhurried: LiveSink, jpeg: bytes) -> None:
    schema = schemathesis.openapi.from_url(f"{unhurried.url}openapi.json")
    case = schema["/v1/predict"]["POST"].Case(body=jpeg, media_type="image/jpeg")
    answer = case.call_and_validate()
    assert answer.status_code == 200
    assert len(answer.json()["faces"]) == 1


@pytest.mark.parametrize(
    ("headers", "statuses"),
    [
        ({}, {401}),
        ({"Authorization": "Bearer guessed"}, {401, 429}),
        ({"Host": "elsewhere.example"}, {421}),
        ({"Origin": "http://elsewhere.example"}, {403}),
    ],
    ids=["no token", "guesses", "another name", "another site"],
)
def test_refusals_are_as_described(
    locked: LiveSink, headers: dict[str, str], statuses: set[int]
) -> None:
    known = {"Authorization": f"Bearer {TOKEN}"}
    schema = schemathesis.openapi.from_url(f"{locked.url}openapi.json", headers=known)
    guarded = schema.exclude(path="/healthz")
    met: set[int] = set()

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=guarded.as_strategy())
    def ask(case: schemathesis.Case) -> None:
        met.add(case.call_and_validate(headers=headers, excluded_checks=PICTURES).status_code)

    ask()
    assert met == statuses
