"""Live sources: whatever happens to the server or to the process that reads it, frames go on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_emotion.camera import Grab, Source, open_source, open_sources
from edge_emotion.camera.live.backoff import Backoff
from edge_emotion.camera.live.source import Patience
from edge_emotion.errors import SourceError
from tests.camera.mjpeg import MjpegServer

HASTY = Patience(opening=15, reading=0.7)


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with MjpegServer() as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """No child, descriptor or thread outlives a test."""
    before = descriptors(), threading.active_count()
    yield
    deadline = time.monotonic() + 5
    while (descriptors(), threading.active_count()) != before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (descriptors(), threading.active_count()) == before
    assert children(os.getpid()) == []


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def children(parent: int) -> list[int]:
    """Processes that ``parent`` has started, zombies among them."""
    found = [
        int(child)
        for listing in Path(f"/proc/{parent}/task").glob("*/children")
        for child in listing.read_text().split()
    ]
    return sorted(found)


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def grabbed(source: Source) -> Grab:
    grab = source.grab()
    assert grab is not None
    return grab


def grab_until(source: Source, wanted: Callable[[Grab], bool], seconds: float = 20) -> Grab:
    deadline = time.monotonic() + seconds
    while not wanted(grab := grabbed(source)):
        assert time.monotonic() < deadline
    return grab


def test_frames_come_with_their_time_and_number(server: MjpegServer) -> None:
    source = open_source(server.url)
    first = grabbed(source)
    time.sleep(0.5)
    later = grabbed(source)
    assert first.image.shape == (120, 160, 3)
    assert later.skipped >= 5, "frames that nobody took are counted"
    assert later.position - first.position >= 0.4
    assert time.monotonic() - later.monotonic < 0.4, "the newest is handed over"
    assert abs(later.captured_at - time.time()) < 0.4
    assert source.connection().state == "running"
    source.close()


def test_a_read_that_blocks_is_given_up_and_the_source_comes_back(server: MjpegServer) -> None:
    source = open_sources([server.url], patience=HASTY)[0]
    grabbed(source)
    (reader,) = children(os.getpid())
    os.kill(reader, signal.SIGSTOP)  # as a driver's call that never returns
    grab_until(source, lambda _: source.connection().reconnects == 1)
    assert "gave no frame for 0.7 s" in str(source.connection().error)
    assert reader not in children(os.getpid())
    source.close()


def test_a_server_that_falls_silent_is_asked_again(server: MjpegServer) -> None:
    source = open_sources([server.url], patience=HASTY)[0]
    grabbed(source)
    server.flowing.clear()
    threading.Timer(1.5, server.flowing.set).start()
    grab_until(source, lambda _: source.connection().reconnects == 1)
    source.close()


def test_a_reading_process_that_crashes_is_replaced(server: MjpegServer) -> None:
    source = open_source(server.url)
    grabbed(source)
    os.kill(children(os.getpid())[0], signal.SIGSEGV)
    grab_until(source, lambda _: source.connection().reconnects == 1)
    assert "SIGSEGV" in str(source.connection().error)
    assert "secret" not in str(source.connection().error)
    source.close()


def test_a_server_that_comes_back_with_another_size() -> None:
    with MjpegServer() as first:
        source = open_source(first.url)
        assert grabbed(source).image.shape == (120, 160, 3)
    with MjpegServer(first.port) as second:
        second.size = (320, 240)
        returned = time.monotonic()
        grab_until(source, lambda grab: grab.image.shape == (240, 320, 3))
        assert time.monotonic() - returned < 5
        source.close()


def test_the_first_connection_that_fails_is_an_error_without_the_password() -> None:
    with pytest.raises(SourceError, match=r"cannot open the stream http://\*\*\*@127\.0\.0\.1:9/"):
        open_source("http://user:secret@127.0.0.1:9/live.mjpg")


def test_a_source_that_never_answers_fails_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/live.mjpg"
        with pytest.raises(SourceError, match="gave no frame for 1 s"):
            open_sources([url], patience=Patience(opening=1))


def test_beside_a_source_that_runs_another_may_come_later(server: MjpegServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    late, running = open_sources([f"http://127.0.0.1:{port}/live.mjpg", server.url])
    grabbed(running)
    assert late.connection().state == "connecting"
    with MjpegServer(port):
        grabbed(late)
        assert late.connection().state == "running"
        assert late.connection().reconnects == 0
        late.close()
    running.close()


def test_interrupted_it_gives_up_waiting(server: MjpegServer) -> None:
    source = open_source(server.url)
    grabbed(source)
    server.flowing.clear()
    threading.Timer(0.3, source.interrupt).start()
    started = time.monotonic()
    while source.grab() is not None:
        pass
    assert time.monotonic() - started < 3
    source.close()


def test_the_reading_process_ends_with_the_one_that_started_it(server: MjpegServer) -> None:
    program = (
        "import sys, time\nfrom edge_emotion.camera import open_source\n"
        "source = open_source(sys.argv[1])\nsource.grab()\nprint('ready', flush=True)\n"
        "time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, server.url], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    (reader,) = children(parent.pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: not Path(f"/proc/{reader}").exists())


def test_the_reading_process_imports_opencv_and_its_adapter_alone(server: MjpegServer) -> None:
    source = open_source(server.url)
    grabbed(source)
    maps = Path(f"/proc/{children(os.getpid())[0]}/maps").read_text()
    source.close()
    assert "cv2" in maps
    for heavy in ("pydantic", "onnxruntime", "openvino", "torch"):
        assert heavy not in maps


def test_delays_double_up_to_a_limit_and_begin_again() -> None:
    backoff = Backoff(first=0.25, longest=1.0)
    for longest in (0.25, 0.5, 1.0, 1.0):
        assert longest / 2 <= backoff.next() <= longest
    backoff.reset()
    assert backoff.next() <= 0.25
