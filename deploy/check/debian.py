"""Follow deploy/README.md in a fresh Debian, then kill what it installed, again and again.

    sudo python deploy/check/debian.py [--mirror URL] [--bind PATH]…

Needs root, debootstrap, mosquitto and this repository's environment for development. The commands
of the page's section "Install" are run as they stand there, in a root file system that debootstrap
has just made; ``--bind`` lends it files and folders of this machine, as pip's configuration.
systemd does not run in it: ``Service`` does what the unit file asks of systemd, as far as restarts
and watchdog go. The result is ``debian.json`` beside this file.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from rootfs import ROOT, Debian, inside, parser_of

from edge_emotion.bench.environment import read_environment
from edge_emotion.camera import write_demo_clip
from edge_emotion.jsonio import write_json

PAGE = ROOT / "deploy" / "README.md"
KILLS = 10
BACK_WITHIN_SECONDS = 3.0
WATCHDOG_SECONDS = 5
STATE = "var/lib/edge-emotion"


def commands_of(section: str) -> list[str]:
    """The lines of the first block of commands in a section of the page."""
    found = re.search(rf"^## {section}$.*?^```sh\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    if found is None:
        raise SystemExit(f"{PAGE} has no commands under {section}")
    return found[1].splitlines()


@dataclass
class Service:
    """What systemd would do with the unit: start, listen, kill where it is silent, start again.

    Args:
        root: where the unit is installed.
    """

    root: Path
    pid: int = 0
    ready_at: list[float] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        unit = (self.root / "etc/systemd/system/edge-emotion.service").read_text()
        entries = dict(re.findall(r"^(\w+)=(.*)$", unit, re.M))
        settings = (self.root / "etc/edge-emotion/environment").read_text()
        self._environment = dict(re.findall(r"^(\w+)=(.*)$", settings, re.M))
        name, _, value = entries["Environment"].partition("=")
        self._environment[name] = value
        arguments = self._environment["EDGE_EMOTION_ARGUMENTS"]
        line = entries["ExecStart"].replace("$EDGE_EMOTION_ARGUMENTS", arguments)
        self._command = [
            *("chroot", f"--userspec={entries['User']}:{entries['Group']}"),
            *(f"--groups={entries['SupplementaryGroups']}", str(self.root)),
            *("sh", "-c", f"cd {shlex.quote(entries['WorkingDirectory'])} && exec {line}"),
        ]
        self._pause = float(entries["RestartSec"])
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.root / "run" / "notify"))
        (self.root / "run" / "notify").chmod(0o777)
        self._socket.settimeout(0.05)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._over.is_set():
            process = subprocess.Popen(
                self._command,
                env={
                    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                    "NOTIFY_SOCKET": "/run/notify",
                    "WATCHDOG_USEC": str(WATCHDOG_SECONDS * 1_000_000),
                    **self._environment,
                },
            )
            self.pid = process.pid
            heard, ready, asked = time.monotonic(), False, False
            while process.poll() is None:
                try:
                    message = self._socket.recv(4096)
                except TimeoutError:
                    message = b""
                now = time.monotonic()
                if message == b"READY=1":
                    self.ready_at.append(now)
                    ready = True
                if message in (b"READY=1", b"WATCHDOG=1"):
                    heard = now
                if self._over.is_set():
                    if not asked:  # a second request kills
                        process.terminate()
                    asked = True
                elif ready and now - heard > WATCHDOG_SECONDS:
                    process.kill()
            self.ends.append(process.returncode)
            self._over.wait(self._pause)

    def stop(self) -> None:
        """End it in good order."""
        self._over.set()
        self._thread.join()


def until(holds: Callable[[], Any], seconds: float, what: str) -> None:
    """Wait until something holds; an error says what did not."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"not within {seconds} s: {what}")
        time.sleep(0.01)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def broker(port: int) -> Iterator[list[bytes]]:
    """A mosquitto, and every event that it was given."""
    events: list[bytes] = []
    process = subprocess.Popen(["mosquitto", "-p", str(port)], stderr=subprocess.DEVNULL)
    listener = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    listener.on_message = lambda _client, _data, message: events.append(message.payload)
    try:
        until(lambda: _answers(port), 10, "mosquitto listens")
        listener.connect("127.0.0.1", port)
        listener.subscribe("check/+/faces")
        listener.loop_start()
        yield events
        listener.loop_stop()
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def configure(root: Path, broker_port: int, page_port: int) -> None:
    """Give the service a clip instead of a camera."""
    clip = root / STATE / "clip.mp4"
    write_demo_clip(clip)
    clip.chmod(0o644)
    path = root / "etc/edge-emotion/environment"
    arguments = (
        f"--source /{STATE}/clip.mp4 --loop --events events.jsonl "
        f"--mqtt mqtt://127.0.0.1:{broker_port}/check --serve {page_port}"
    )
    text = re.sub(
        r"^EDGE_EMOTION_ARGUMENTS=.*$",
        f"EDGE_EMOTION_ARGUMENTS={arguments}",
        path.read_text(),
        flags=re.M,
    )
    path.write_text(text)


def whole_lines(path: Path) -> int:
    """How many events a file holds; every line must be one, but for one that is being written."""
    content = path.read_bytes()
    lines = content[: content.rfind(b"\n") + 1].splitlines()
    for line in lines:
        json.loads(line)
    return len(lines)


def torment(root: Path, service: Service, events: list[bytes], page_port: int) -> dict[str, Any]:
    """Kill it, let it hang, and see that it comes back with every file whole."""
    lines = root / STATE / "events.jsonl"
    until(lambda: len(service.ready_at) == 1, 60, "the first processed frame")
    until(lambda: len(events) > 10, 30, "events at the broker")
    with urllib.request.urlopen(f"http://127.0.0.1:{page_port}/metrics", timeout=5) as answer:
        metrics = answer.read().decode()
    if "edge_emotion_frames_total" not in metrics:
        raise SystemExit(f"no count of frames among the metrics:\n{metrics[:500]}")
    back = []
    for number in range(1, KILLS + 1):
        before, killed = len(events), time.monotonic()
        os.kill(service.pid, signal.SIGKILL)
        until(lambda: len(service.ready_at) > number, 30, "a processed frame after kill -9")  # noqa: B023
        back.append(round(service.ready_at[-1] - killed, 2))
        until(lambda: len(events) > before, 30, "events after kill -9")  # noqa: B023
        whole_lines(lines)
    hung = time.monotonic()
    os.kill(service.pid, signal.SIGSTOP)
    until(lambda: len(service.ready_at) > KILLS + 1, 60, "a frame after the watchdog's kill")
    return {
        "kills": KILLS,
        "back_after_seconds": sorted(back),
        "watchdog_seconds": WATCHDOG_SECONDS,
        "back_after_hang_seconds": round(service.ready_at[-1] - hung, 2),
        "events_at_broker": len(events),
        "whole_lines": whole_lines(lines),
    }


def main() -> None:
    """Check, write the result, and exit 1 where the service was back too late."""
    given = parser_of(__doc__, Path(__file__).with_suffix(".json")).parse_args()
    broker_port, page_port = free_port(), free_port()
    debian = Debian(given.suite, given.mirror, tuple(given.bind))
    with debian.unpacked() as root, broker(broker_port) as events:
        steps = [
            {"command": line, "seconds": inside(root, line)} for line in commands_of("Install")
        ]
        for folder in (STATE, "var/cache/edge-emotion"):  # StateDirectory= and CacheDirectory=
            inside(root, f"install -d -o edge-emotion -g edge-emotion /{folder}")
        configure(root, broker_port, page_port)
        service = Service(root)
        try:
            found = torment(root, service, events, page_port)
        finally:
            service.stop()
        inside(root, "sudo deploy/install.sh")  # again, as an update
        kept = (root / "etc/edge-emotion/environment").read_text()
        inside(root, "sudo deploy/uninstall.sh --purge")
        left = [
            place
            for place in ("opt/edge-emotion", "etc/edge-emotion", STATE)
            if (root / place).exists()
        ]
    document = {
        "schema": "edge-emotion/check-debian/1",
        "suite": given.suite,
        "environment": read_environment().model_dump(mode="json"),
        "steps": steps,
        **found,
        "last_end": service.ends[-1],
        "settings_kept_by_an_update": f":{broker_port}/check" in kept,
        "left_after_purge": left,
    }
    write_json(given.out, document)
    print(json.dumps(found, indent=2))
    late = max(found["back_after_seconds"]) > BACK_WITHIN_SECONDS
    if late or left or service.ends[-1] != 0 or not document["settings_kept_by_an_update"]:
        sys.exit("not as it should be; see the result")


if __name__ == "__main__":
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        sys.exit("this needs root and debootstrap: apt-get install debootstrap mosquitto")
    main()
