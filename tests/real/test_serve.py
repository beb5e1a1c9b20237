"""The page's server, over real sockets."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")
httpx = pytest.importorskip("httpx", reason="httpx is not installed")

from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from prometheus_client.parser import text_string_to_metric_families  # noqa: E402
from websockets.exceptions import ConnectionClosed, InvalidStatus  # noqa: E402
from websockets.sync.client import connect  # noqa: E402

from edge_emotion.camera.event import Event  # noqa: E402
from edge_emotion.camera.serve.guard import MAX_BODY_BYTES, SECURITY_HEADERS  # noqa: E402
from edge_emotion.camera.serve.sink import LiveSink  # noqa: E402
from tests.conftest import RunCli  # noqa: E402
from tests.real.broker import eventually  # noqa: E402
from tests.real.live import TOKEN, Feeder, live_server  # noqa: E402
from tests.real.results import annotated, face, status  # noqa: E402

pytestmark = pytest.mark.real


@pytest.fixture
def live(model: Path) -> Iterator[LiveSink]:
    with live_server(model) as sink:
        yield sink


@pytest.fixture
def locked(model: Path) -> Iterator[LiveSink]:
    with live_server(model, TOKEN) as sink:
        yield sink


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    picture = np.full((120, 160, 3), 128, np.uint8)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def port_of(sink: LiveSink) -> int:
    return int(sink.url.rsplit(":", 1)[1].strip("/"))


def pictures(sink: LiveSink, count: int) -> list[bytes]:
    """The next pictures of the video stream."""
    found: list[bytes] = []
    kept = b""
    with httpx.stream("GET", f"{sink.url}video/0", timeout=10) as answer:
        assert answer.headers["content-type"].startswith("multipart/x-mixed-replace")
        for chunk in answer.iter_bytes():
            kept += chunk
            while match := re.search(rb"Content-Length: (\d+)\r\n\r\n", kept):
                size, start = int(match[1]), match.end()
                if len(kept) < start + size:
                    break
                found.append(kept[start : start + size])
                kept = kept[start + size :]
            if len(found) >= count:
                return found
    raise AssertionError("the stream ended")


# What is shown


def test_health_follows_the_frames(live: LiveSink) -> None:
    assert httpx.get(f"{live.url}healthz").status_code == 503
    live.consume(annotated(0))
    assert httpx.get(f"{live.url}healthz").status_code == 200


def test_status_is_what_the_loop_reported(live: LiveSink) -> None:
    assert httpx.get(f"{live.url}v1/status").json()["status"] is None
    live.report(status(frames=77))
    document = httpx.get(f"{live.url}v1/status").json()
    assert document["status"] == json.loads(status(frames=77).model_dump_json()) | {
        "time": document["status"]["time"]
    }


def test_metrics_are_what_prometheus_reads(live: LiveSink) -> None:
    live.consume(annotated(0, face(1), face(2, None)))
    live.report(status())
    answer = httpx.get(f"{live.url}metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["edge_emotion_frames_total", ("source", "0")] == 1
    assert samples["edge_emotion_faces_total", ("emotion", "uncertain"), ("source", "0")] == 1
    assert samples["edge_emotion_frames_dropped_total", ("source", "0")] == 3
    assert samples["edge_emotion_reconnects_total", ("source", "0")] == 2
    assert samples["edge_emotion_frame_age_seconds", ("source", "0")] == 0.031
    assert samples["edge_emotion_cpu_temperature_celsius",] == 51.5
    stage = (("quantile", "0.95"), ("stage", "detect"))
    assert samples[("edge_emotion_stage_duration_seconds", *stage)] == 0.004
    bucket = ("edge_emotion_result_latency_seconds_bucket", ("le", "+Inf"), ("source", "0"))
    assert samples[bucket] == 1
    names = {name for name, *_ in samples}
    assert all(re.fullmatch(r"edge_emotion_[a-z0-9_]+", name) for name in names)
    assert not [name for name in names if re.search(r"_(ms|milliseconds|percent)\b", name)]


def test_metrics_speak_openmetrics_too(live: LiveSink) -> None:
    from prometheus_client.openmetrics import parser

    live.consume(annotated(0))
    live.report(status())
    answer = httpx.get(
        f"{live.url}metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
    )
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert list(parser.text_string_to_metric_families(answer.text))


def test_every_page_is_self_contained(live: LiveSink) -> None:
    for path in ("", "docs", "static/page.js", "static/docs.js", "static/page.css"):
        answer = httpx.get(live.url + path)
        assert answer.status_code == 200
        assert not re.search(r"(src|href)=\"(https?:)?//|@import|url\(", answer.text)
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers[name] == value
    assert httpx.get(f"{live.url}static/..%2Fapp.py").status_code == 404
    api = httpx.get(f"{live.url}openapi.json").json()
    assert set(api["paths"]) >= {"/v1/predict", "/v1/status", "/healthz", "/metrics"}
    schema = httpx.get(f"{live.url}v1/schema").json()
    assert {"track", "emotion", "reason"} <= set(schema["properties"])


# Pictures


def test_pictures_are_encoded_while_somebody_watches(live: LiveSink) -> None:
    assert not live.shows_pictures, "nobody watches: nothing needs to be drawn"
    with Feeder(live):
        for content in pictures(live, 3):
            shown = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
            assert shown.shape == (240, 320, 3)
        eventually(lambda: not live.shows_pictures)


def test_a_frame_drawn_for_nobody_is_shown_to_nobody(live: LiveSink) -> None:
    seen: list[bytes] = []
    watcher = threading.Thread(target=lambda: seen.extend(pictures(live, 1)))
    watcher.start()
    eventually(lambda: live.shows_pictures)
    bare = annotated(0)
    live.consume(type(bare)(bare.frame, bare.source_name, 25.0, bare.faces, bare.frame.image))
    time.sleep(0.3)
    assert seen == [], "its faces may not be hidden"
    live.consume(annotated(1))
    watcher.join(10)
    assert len(seen) == 1


def test_who_does_not_read_delays_nobody(live: LiveSink) -> None:
    with socket.create_connection(("127.0.0.1", port_of(live))) as stuck, Feeder(live) as feeder:
        stuck.sendall(b"GET /video/0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        eventually(lambda: live.shows_pictures)
        time.sleep(1.0)
        started = time.monotonic()
        assert len(pictures(live, 10)) == 10
        assert time.monotonic() - started < 8
        assert feeder.slowest < 0.5


def test_there_is_no_video_of_a_source_that_is_not_there(live: LiveSink) -> None:
    assert httpx.get(f"{live.url}video/1").status_code == 404
    assert httpx.get(f"{live.url}video/-1").status_code == 422


# Events


def events_url(sink: LiveSink) -> str:
    return f"{sink.url.replace('http', 'ws')}v1/events"


def test_events_stream_to_every_client(live: LiveSink) -> None:
    with connect(events_url(live)) as one, connect(events_url(live)) as two, Feeder(live, faces=2):
        for client in (one, two):
            heard = [Event.model_validate_json(client.recv(10)) for _ in range(6)]
            frames = [event.frame for event in heard]
            assert frames == sorted(frames)
            assert {event.track for event in heard} == {1, 2}


def test_a_client_that_cannot_follow_is_sent_away(live: LiveSink) -> None:
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", port_of(live)))
    url = events_url(live)
    with connect(url, sock=narrow, max_queue=1) as slow, connect(url) as quick:
        with Feeder(live, rate=100, faces=40) as feeder:
            reader = threading.Thread(target=lambda: [quick.recv(10) for _ in range(4000)])
            reader.start()
            eventually(lambda: live._events.dropped == 1, 30)
            reader.join(30)
            assert not reader.is_alive(), "the other client was served all along"
        assert feeder.slowest < 0.5
        assert live._events.dropped == 1
        with contextlib.suppress(ConnectionClosed):  # after what had been on its way
            while True:
                slow.recv(5)
        assert slow.close_code == 1013


def test_the_end_closes_every_stream(model: Path) -> None:
    with live_server(model) as live, connect(events_url(live)) as client, Feeder(live):
        watcher = socket.create_connection(("127.0.0.1", port_of(live)))
        watcher.sendall(b"GET /video/0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        eventually(lambda: live.shows_pictures)
        started = time.monotonic()
        live.close()
        assert time.monotonic() - started < 3
        with contextlib.suppress(ConnectionClosed):
            while True:
                client.recv(5)
        assert client.close_code == 1001
        watcher.close()
    assert "server" not in {thread.name for thread in threading.enumerate()}


# Predict


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


# Who is let in


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "10.0.0.9", "", "[", "a@b"])
def test_another_host_name_is_refused(live: LiveSink, host: str) -> None:
    with socket.create_connection(("127.0.0.1", port_of(live))) as client:
        client.sendall(f"GET /v1/status HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert b" 421 " in client.recv(1000).splitlines()[0]


def test_pages_of_other_sites_are_refused(live: LiveSink, jpeg: bytes) -> None:
    elsewhere = {"Origin": "http://evil.example"}
    url = f"{live.url}v1/predict"
    assert httpx.post(url, content=jpeg, headers=elsewhere).status_code == 403
    assert httpx.post(url, content=jpeg, headers={"Origin": "null"}).status_code == 403
    ours = {"Origin": live.url.rstrip("/")}
    answer = httpx.post(url, content=jpeg, headers=ours)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
    with pytest.raises(InvalidStatus):
        connect(events_url(live), origin="http://evil.example")  # type: ignore[arg-type]


PRIVATE = ["v1/status", "v1/schema", "metrics", "openapi.json", "docs", "video/0", "static/page.js"]


def test_without_the_token_nothing_is_told(locked: LiveSink, jpeg: bytes) -> None:
    for path in PRIVATE:
        answer = httpx.get(locked.url + path)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"
        assert httpx.get(f"{locked.url}{path}?token={TOKEN}").status_code in (401, 429), path
    assert httpx.post(f"{locked.url}v1/predict", content=jpeg).status_code == 401
    with pytest.raises(InvalidStatus):
        connect(events_url(locked))
    page = httpx.get(locked.url)
    assert page.status_code == 401
    assert "<form" in page.text
    locked.consume(annotated(0))
    assert httpx.get(f"{locked.url}healthz").status_code == 200, "a probe needs no token"


def test_the_token_opens_everything(locked: LiveSink) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert httpx.get(f"{locked.url}v1/status", headers=bearer).status_code == 200
    wrong = {"Authorization": f"Bearer {TOKEN}x"}
    assert httpx.get(f"{locked.url}v1/status", headers=wrong).status_code == 401
    with connect(events_url(locked), additional_headers=bearer) as client:
        eventually(lambda: locked._events.listeners == 1)
        locked.consume(annotated(4))
        assert Event.model_validate_json(client.recv(10)).frame == 4


def test_the_page_turns_the_token_into_a_cookie(locked: LiveSink) -> None:
    with httpx.Client() as browser:
        assert browser.get(locked.url, params={"token": "wrong wrong wrong!"}).status_code == 401
        page = browser.get(locked.url, params={"token": TOKEN})
        assert page.status_code == 200
        cookie = page.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=Strict"} <= {part.strip() for part in cookie.split(";")}
        assert TOKEN not in cookie
        assert browser.get(f"{locked.url}v1/status").status_code == 200
    forged = {"Cookie": cookie.split("=")[0] + "=" + "0" * 64}
    assert httpx.get(f"{locked.url}v1/status", headers=forged).status_code == 401


def test_guessing_is_slowed_down(locked: LiveSink) -> None:
    guesses = [
        httpx.get(f"{locked.url}v1/status", headers={"Authorization": f"Bearer {guess}"})
        for guess in range(15)
    ]
    assert guesses[-1].status_code == 429


# The command


def test_a_port_that_is_taken_is_one_line(run_cli: RunCli, model: Path, clip: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        at = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run_cli(
            *("camera", "--source", clip, "--model", model, "--backend", "onnxruntime"),
            *("--headless", "--serve", at),
        )
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith(f"error: cannot serve at http://{at}/: Address already in use")


def test_a_run_that_is_served_ends_by_itself(run_cli: RunCli, model: Path, clip: Path) -> None:
    done = run_cli(
        *("camera", "--source", clip, "--model", model, "--detector", "none", "--headless"),
        *("--serve", "127.0.0.1:0", "--json"),
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["frames"] == 30
    assert re.search(r"live page at http://127\.0\.0\.1:\d+/", done.stderr)
