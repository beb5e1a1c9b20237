"""The service manager hears of processed frames, over a real socket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_emotion.camera.sinks.systemd import SystemdSink, systemd_sink
from tests.real.results import annotated


class Manager:
    """Reads a socket as systemd does."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address.replace("@", "\0", 1))
        self._messages: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while (message := self._socket.recv(4096).decode()) != "end of test":
            self._messages.append(message)

    def heard(self) -> list[str]:
        """Everything that was told so far; nothing is heard after it."""
        if self._reader.is_alive():
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                last.sendto(b"end of test", self.address.replace("@", "\0", 1))
        self._reader.join()
        self._socket.close()
        return self._messages


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    listener = Manager(str(tmp_path / "notify"))
    yield listener
    listener.heard()


def test_a_run_is_ready_at_its_first_frame_and_alive_at_each(
    manager: Manager, model: Path, clip: Path
) -> None:
    run = subprocess.run(
        [
            *(sys.executable, "-m", "edge_emotion", "camera", "--source", str(clip)),
            *("--model", str(model), "--detector", "none", "--headless"),
        ],
        env=os.environ | {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "1000"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    messages = manager.heard()
    assert messages[0] == "READY=1"
    assert messages.count("READY=1") == 1
    assert messages.count("WATCHDOG=1") > 1
    assert messages[-1] == "STOPPING=1"
    (status,) = {message for message in messages if message.startswith("STATUS=")}
    assert status.startswith("STATUS=30 frames, ")
    assert status.endswith(f"{clip} ended")


def test_the_watchdog_hears_of_frames_alone_and_not_of_each(manager: Manager) -> None:
    now = [0.0]
    sink = SystemdSink(manager.address, 8.0, lambda: now[0])
    frame = annotated(0)
    for second in (0.0, 1.0, 1.9, 2.0, 3.0):
        now[0] = second
        sink.consume(frame)
    now[0] = 60.0
    sink.close()
    assert manager.heard() == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_without_a_watchdog_it_is_only_ready(manager: Manager) -> None:
    sink = systemd_sink({"NOTIFY_SOCKET": manager.address})
    assert sink is not None
    sink.consume(annotated(0))
    sink.consume(annotated(0))
    assert manager.heard() == ["READY=1"]
    sink.close()


def test_a_watchdog_of_another_process_is_not_ours(manager: Manager) -> None:
    environment = {
        "NOTIFY_SOCKET": manager.address,
        "WATCHDOG_USEC": "1000000",
        "WATCHDOG_PID": str(os.getpid() + 1),
    }
    sink = systemd_sink(environment)
    assert sink is not None
    sink.consume(annotated(0))
    assert manager.heard() == ["READY=1"]
    sink.close()


def test_the_abstract_namespace_of_linux() -> None:
    manager = Manager(f"@edge-emotion-{os.getpid()}")
    sink = SystemdSink(manager.address, None)
    sink.consume(annotated(0))
    sink.close()
    assert manager.heard() == ["READY=1", "STOPPING=1"]


def test_a_manager_that_reads_nothing_does_not_hold_the_loop_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "deaf"))
        sink = SystemdSink(str(tmp_path / "deaf"), 0.0)
        for index in range(1000):  # a queue of datagrams holds a few of them
            sink.consume(annotated(index))
        sink.close()
        assert deaf.recv(4096) == b"READY=1"


@pytest.mark.parametrize("address", ["", "vsock:2:1234", "relative/path"])
def test_where_nobody_listens_there_is_no_sink(address: str) -> None:
    assert systemd_sink({"NOTIFY_SOCKET": address}) is None


def test_a_manager_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    sink = SystemdSink(str(tmp_path / "nobody"), 1.0)
    sink.consume(annotated(0))
    sink.close()
