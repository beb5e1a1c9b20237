"""The page's server, over real sockets."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")
httpx = pytest.importorskip("httpx", reason="httpx is not installed")

from prometheus_client.parser import text_string_to_metric_families  # noqa: E402
from websockets.exceptions import ConnectionClosed  # noqa: E402
from websockets.sync.client import connect  # noqa: E402

from edge_emotion.camera.event import Event  # noqa: E402
from edge_emotion.camera.serve.guard import SECURITY_HEADERS  # noqa: E402
from edge_emotion.camera.serve.sink import LiveSink  # noqa: E402
from tests.conftest import RunCli  # noqa: E402
from tests.real.broker import eventually  # noqa: E402
from tests.real.live import Feeder, events_url, live_server, pictures, port_of  # noqa: E402
from tests.real.results import annotated, face, status  # noqa: E402

pytestmark = pytest.mark.real


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
