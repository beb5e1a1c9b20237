"""What a run tells of itself: live, to every sink, and in its summary."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge_emotion.camera import AnnotatedFrame, CameraLoop, Sink, Status, open_sources
from edge_emotion.camera.sinks.state import SourceStateSink
from edge_emotion.camera.status import SourceStatus
from edge_emotion.inference import FacePipeline
from edge_emotion.vitals import cpu_temperature_celsius, rss_bytes
from tests.camera.conftest import CLIP_FRAMES
from tests.camera.mjpeg import MjpegServer
from tests.camera.test_live import children
from tests.conftest import RunCli


class Reports(Sink):
    """Keeps what it is told, and ends the run after so many reports."""

    shows_pictures = False

    def __init__(self, enough: int) -> None:
        self.statuses: list[Status] = []
        self.loop: CameraLoop | None = None
        self._enough = enough

    def consume(self, result: AnnotatedFrame) -> None:
        pass

    def report(self, status: Status) -> None:
        self.statuses.append(status)
        if len(self.statuses) == self._enough and self.loop is not None:
            self.loop.stop()

    def close(self) -> None:
        pass


def test_a_live_run_reports_about_once_a_second_and_at_its_end(model: Path, clip: Path) -> None:
    sink = Reports(enough=3)
    with MjpegServer() as server, FacePipeline(str(model), "openvino", "none") as pipeline:
        sources = open_sources([server.url, str(clip)])
        sink.loop = CameraLoop(sources, pipeline, [sink])
        summary = sink.loop.run()
        for source in sources:
            source.close()
    assert len(sink.statuses) == 4, "three, and one at the end"
    gaps = [
        after.uptime_seconds - before.uptime_seconds
        for before, after in zip(sink.statuses[:2], sink.statuses[1:3], strict=True)
    ]
    assert all(0.9 < gap < 3 for gap in gaps)
    last = sink.statuses[-1]
    stream, file = last.sources
    assert stream.name == server.url.replace("user:secret", "***")
    assert (stream.state, file.state) == ("running", "ended")
    assert file.frames == CLIP_FRAMES
    assert file.dropped == 0
    assert stream.frame_age_ms is not None
    assert 0 < stream.frame_age_ms < 1000
    assert 5 < stream.fps < 60
    assert last.frames == summary.frames == stream.frames + file.frames
    assert last.latency is not None
    assert 0 < last.latency.p50_ms <= last.latency.p95_ms
    assert last.rss_bytes > 10**7
    assert set(last.stages) == {"grab", "follow", "detect", "classify", "publish"}
    assert summary.reconnects == 0


def test_the_summary_of_a_run_has_latency_drops_and_reconnects(
    run_cli: RunCli, model: Path, clip: Path
) -> None:
    done = run_cli(
        *("camera", "--source", clip, "--model", model, "--detector", "none"),
        *("--headless", "--json"),
    )
    summary = json.loads(done.stdout)
    assert 0 < summary["latency"]["p50_ms"] <= summary["latency"]["p95_ms"]
    assert (summary["dropped"], summary["reconnects"]) == (0, 0)


def test_a_file_begins_again_with_loop(run_cli: RunCli, model: Path, clip: Path) -> None:
    done = run_cli(
        *("camera", "--source", clip, "--model", model, "--detector", "none", "--loop"),
        *("--headless", "--max-frames", str(2 * CLIP_FRAMES + 5), "--json"),
        *("--events", "/dev/stderr"),
    )
    assert json.loads(done.stdout)["frames"] == 2 * CLIP_FRAMES + 5
    events = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    positions = [event["position"] for event in events]
    assert positions == pytest.approx([index / 25 for index in range(2 * CLIP_FRAMES + 5)])


def test_a_damaged_file_ends_alone_and_fails_the_run_at_its_end(
    run_cli: RunCli, model: Path, clip: Path, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "broken.png").write_bytes(b"no picture")
    events = tmp_path / "events.jsonl"
    done = run_cli(
        *("camera", "--source", pictures, "--source", clip, "--model", model),
        *("--detector", "none", "--headless", "--events", events),
    )
    assert done.returncode == 1
    assert "broken.png is not a picture" in done.stderr
    assert len(events.read_text().splitlines()) == CLIP_FRAMES


def test_the_operator_hears_of_a_loss_and_of_the_return(model: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"

    def wait_for_more_events() -> None:
        so_far = events.stat().st_size if events.exists() else 0
        deadline = time.monotonic() + 30
        while not events.exists() or events.stat().st_size == so_far:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    with MjpegServer() as server:
        loop = subprocess.Popen(
            [
                *(sys.executable, "-m", "edge_emotion", "camera", "--source", server.url),
                *("--model", str(model), "--detector", "none", "--headless", "--json"),
                *("--events", str(events)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for_more_events()
        os.kill(children(loop.pid)[0], signal.SIGKILL)
        time.sleep(0.2)  # for the frames that were on their way
        wait_for_more_events()
        loop.send_signal(signal.SIGTERM)
        out, err = loop.communicate(timeout=30)
    assert "***@127.0.0.1" in err
    assert "back again, reconnect 1" in err
    assert json.loads(out)["reconnects"] == 1
    assert "secret" not in out + err


def source(state: str, reconnects: int = 0, error: str | None = None) -> SourceStatus:
    return SourceStatus.model_validate(
        {
            "name": "cam",
            "state": state,
            "frames": 1,
            "dropped": 0,
            "reconnects": reconnects,
            "fps": 25.0,
            "frame_age_ms": 1.0,
            "error": error,
        }
    )


def test_one_line_for_each_change_of_a_source() -> None:
    said: list[str] = []
    sink = SourceStateSink(said.append)
    base = dict[str, object].fromkeys(("model", "precision", "backend", "detector"), "x")
    base |= dict.fromkeys(("time", "uptime_seconds", "frames", "faces", "fps", "rss_bytes"), 0)
    for status in (
        source("running"),
        source("running"),
        source("reconnecting", error="it is gone"),
        source("reconnecting", error="it is gone"),
        source("running", 1, "it is gone"),
    ):
        others = {"latency": None, "stages": {}, "cpu_temperature_celsius": None}
        sink.report(Status.model_validate({**base, **others, "sources": (status,)}))
    assert said == ["cam: it is gone (reconnecting)", "cam: back again, reconnect 1"]


def test_the_warmest_sensor_of_the_processor_counts(tmp_path: Path) -> None:
    for number, (kind, value) in enumerate(
        [("cpu-thermal", "48500"), ("gpu-thermal", "90000"), ("soc0-thermal", "51250")]
    ):
        zone = tmp_path / "class" / "thermal" / f"thermal_zone{number}"
        zone.mkdir(parents=True)
        (zone / "type").write_text(kind + "\n")
        (zone / "temp").write_text(value + "\n")
    assert cpu_temperature_celsius(tmp_path) == 51.25
    assert cpu_temperature_celsius(tmp_path / "absent") is None


def test_memory_is_what_the_system_counts() -> None:
    before = rss_bytes()
    kept = bytearray(os.urandom(1 << 20) * 32)
    assert rss_bytes() - before > 16 << 20
    del kept
