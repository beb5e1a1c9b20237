"""Everything here runs against a real broker, server or browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from tests.camera.conftest import clip
from tests.real.broker import Broker, Listener
from tests.real.live import TOKEN, live_server

if TYPE_CHECKING:
    from edge_emotion.camera.serve.sink import LiveSink

__all__ = ["clip"]


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
