"""A picture in, its faces out; and pictures that are no pictures."""

from __future__ import annotations

import struct
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")
httpx = pytest.importorskip("httpx", reason="httpx is not installed")

from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from edge_emotion.camera.disclosure import NOTHING  # noqa: E402
from edge_emotion.camera.serve import ServeAddress, open_live  # noqa: E402
from edge_emotion.camera.serve.guard import MAX_BODY_BYTES  # noqa: E402
from edge_emotion.camera.serve.sink import LiveSink  # noqa: E402
from edge_emotion.errors import BackendError  # noqa: E402
from edge_emotion.inference import FacePipeline  # noqa: E402
from tests.real.broker import eventually  # noqa: E402
from tests.real.live import Feeder, pictures  # noqa: E402

pytestmark = pytest.mark.real


def test_predict_takes_bytes_and_forms(live: LiveSink, jpeg: bytes) -> None:
    plain = httpx.post(f"{live.url}v1/predict", content=jpeg)
    form = httpx.post(f"{live.url}v1/predict", files={"image": ("a.jpg", jpeg, "image/jpeg")})
    assert plain.status_code == 200, plain.text
    assert plain.json() == form.json()
    document = plain.json()
    assert (document["width"], document["height"]) == (160, 120)
    (found,) = document["faces"]
    assert found["box"] == [20, 0, 120, 120], "the detector called none: the middle"
    assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-3)


def png_of(width: int, height: int) -> bytes:
    """A PNG that states a size and holds next to nothing."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"GIF89a" + bytes(100), 415),
        (b"", 415),
        (b"\xff\xd8\xff" + bytes(100), 422),
        (png_of(30_000, 30_000), 413),
        (png_of(0, 10), 422),
    ],
    ids=["gif", "empty", "damaged", "bomb", "flat"],
)
def test_pictures_that_are_refused(live: LiveSink, content: bytes, code: int) -> None:
    answer = httpx.post(f"{live.url}v1/predict", content=content)
    assert answer.status_code == code, answer.text
    assert answer.json()["detail"]


def test_a_form_without_the_picture_is_refused(live: LiveSink) -> None:
    answer = httpx.post(f"{live.url}v1/predict", files={"other": b"x"})
    assert answer.status_code == 422
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = httpx.post(f"{live.url}v1/predict", content=b"nonsense", headers=broken)
    assert answer.status_code == 400


def test_bodies_have_a_limit_whatever_they_state(live: LiveSink) -> None:
    block = bytes(1 << 20)

    def endless() -> Iterator[bytes]:
        for _ in range(MAX_BODY_BYTES // len(block) + 3):
            yield block

    stated = httpx.post(f"{live.url}v1/predict", content=block * 11)
    assert stated.status_code == 413
    with httpx.Client() as client:
        try:
            chunked = client.post(f"{live.url}v1/predict", content=endless()).status_code
        except httpx.WriteError:  # it was refused before it was sent
            chunked = 413
    assert chunked == 413


def test_a_slow_prediction_holds_up_nothing_else(jpeg: bytes) -> None:
    go = threading.Event()

    def never_soon() -> FacePipeline:
        go.wait(20)
        raise BackendError("no model today", "try tomorrow")

    live = open_live(ServeAddress("127.0.0.1", 0), 1, never_soon, {}, NOTHING)
    try:
        with ThreadPoolExecutor(6) as clients, Feeder(live) as feeder:
            url = f"{live.url}v1/predict"
            asked = [clients.submit(httpx.post, url, content=jpeg, timeout=30) for _ in range(6)]
            eventually(lambda: sum(answer.done() for answer in asked) == 2)
            started = time.monotonic()
            assert httpx.get(f"{live.url}v1/status").status_code == 200
            assert len(pictures(live, 2)) == 2
            assert time.monotonic() - started < 5
            assert feeder.slowest < 0.5
            go.set()
            answers = [answer.result() for answer in asked]
    finally:
        go.set()
        live.close()
    assert sorted(answer.status_code for answer in answers) == [500] * 4 + [503] * 2
    assert {answer.json()["detail"] for answer in answers} == {
        *("no model today; try tomorrow", "too many pictures wait")
    }


def test_predictions_are_limited_per_client(live: LiveSink) -> None:
    with httpx.Client() as client:
        codes = [client.post(f"{live.url}v1/predict", content=b"x").status_code for _ in range(60)]
    assert codes.count(429) > 10
    assert codes[0] == 415


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=st.sampled_from(["v1/predict", "v1/status", "video/", "healthz", "static/", "metrics"]),
    more=st.text(max_size=12),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"]),
    kind=st.sampled_from(["", "image/jpeg", "application/json", "multipart/form-data; boundary=b"]),
    head=st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"--b"]),
    body=st.binary(max_size=200),
)
def test_nothing_that_is_sent_breaks_the_server(
    live: LiveSink, path: str, more: str, method: str, kind: str, head: bytes, body: bytes
) -> None:
    live._last_frame = time.monotonic()
    url = httpx.URL(live.url + path).copy_with(params={"q": more})
    headers = {"Content-Type": kind} if kind else {}
    answer = httpx.request(method, url, headers=headers, content=head + body)
    assert answer.status_code < 500
