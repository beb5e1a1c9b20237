"""Servers and libraries that Debian brings, and real brokers and browsers."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from tests.camera.conftest import clip
from tests.real.broker import Broker, Listener
from tests.real.browser import browser, chromium
from tests.real.live import TOKEN, live_server

if TYPE_CHECKING:
    from edge_emotion.camera.serve.sink import LiveSink

__all__ = ["browser", "chromium", "clip"]

SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = Path(__file__).with_name("rtsp_server.py")


def system_python_lacks(program: str) -> bool:
    """Whether the system's Python cannot run a program."""
    if not Path(SYSTEM_PYTHON).exists():
        return True
    probe = [SYSTEM_PYTHON, "-c", program]
    return subprocess.run(probe, capture_output=True, check=False).returncode != 0


class RtspServer:
    """The camera of ``rtsp_server.py``, which can be killed and started again on its port."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.url = f"rtsp://admin:secret@127.0.0.1:{self.port}/live"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> float:
        """Start it; when it began to listen, by the monotonic clock."""
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, str(SERVER), str(self.port)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return time.monotonic()

    def kill(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.communicate()
        self._process = None


@contextmanager
def running_server() -> Iterator[RtspServer]:
    server = RtspServer()
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def rtsp() -> Iterator[RtspServer]:
    """A running RTSP camera."""
    if system_python_lacks(
        "import gi; gi.require_version('GstRtspServer', '1.0');"
        "from gi.repository import Gst, GstRtspServer; Gst.init(None);"
        "assert Gst.ElementFactory.find('x264enc') and Gst.ElementFactory.find('rtph264pay')"
    ):
        pytest.skip("needs Debian's gir1.2-gst-rtsp-server-1.0, python3-gi and GStreamer plugins")
    with running_server() as server:
        yield server


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed")
    running = Broker(tmp_path)
    yield running
    running.kill()


@pytest.fixture
def listener(broker: Broker) -> Iterator[Listener]:
    client = Listener(broker)
    yield client
    client.close()


@pytest.fixture
def live(model: Path) -> Iterator[LiveSink]:
    with live_server(model) as sink:
        yield sink


@pytest.fixture
def locked(model: Path) -> Iterator[LiveSink]:
    with live_server(model, TOKEN) as sink:
        yield sink


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    picture = np.full((120, 160, 3), 128, np.uint8)
    return cv2.imencode(".jpg", picture)[1].tobytes()
