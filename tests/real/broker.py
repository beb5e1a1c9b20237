"""A mosquitto of a test's own, that can be killed and started again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

USER, PASSWORD = "edge", "geheim/42"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def eventually(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def find_mosquitto() -> str:
    """The broker's program; Debian keeps it where only root looks."""
    found = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    return found


class Broker:
    """It asks for a password, and keeps sessions and retained messages on disk."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.program = find_mosquitto()
        self.port = free_port()
        passwords = folder / "passwords"
        subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, USER, PASSWORD], check=True)
        lines = [
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous false",
            f"password_file {passwords}",
            "max_queued_messages 0",
            "max_inflight_messages 0",
            "persistence true",
            f"persistence_location {folder}/",
            "autosave_on_changes true",
            "autosave_interval 1",
            *([f"user {os.environ.get('USER', 'root')}"] if os.getuid() == 0 else []),
            *options,
        ]
        self._configuration = folder / "mosquitto.conf"
        self._configuration.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"mqtt://{USER}:{PASSWORD.replace('/', '%2F')}@127.0.0.1:{self.port}/home/hall"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self.program, "-c", self._configuration],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually(self._answers)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.5).close()
        except OSError:
            return False
        return True


class Listener:
    """Another client of the broker, with a session that outlives a restart of it."""

    def __init__(self, broker: Broker, topics: str = "#") -> None:
        mqtt = pytest.importorskip("paho.mqtt.client")
        self.messages: list[tuple[str, str, bool]] = []
        self._client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, "listener", clean_session=False
        )
        self._client.username_pw_set(USER, PASSWORD)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_message = self._heard
        subscribed: list[int] = []
        self._client.on_subscribe = lambda *_: subscribed.append(1)
        self._client.on_connect = lambda client, *_: client.subscribe(topics, qos=1)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        eventually(lambda: bool(subscribed))

    def _heard(self, _client: object, _data: object, message: Any) -> None:
        self.messages.append((message.topic, message.payload.decode(), message.retain))

    def on(self, topic: str) -> list[Any]:
        """Every document heard on a topic, in order."""
        return [json.loads(payload) for heard, payload, _ in self.messages if heard == topic]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
