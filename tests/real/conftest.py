"""Everything here runs against a real broker, server or browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.camera.conftest import clip
from tests.real.broker import Broker, Listener

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
