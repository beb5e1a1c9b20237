"""Tells systemd that the loop runs, and keeps its watchdog quiet for as long as frames come.

The protocol is sd_notify(3): datagrams of ``NAME=value`` lines to the socket in ``NOTIFY_SOCKET``.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping

from edge_emotion.camera.base import AnnotatedFrame, Sink
from edge_emotion.camera.status import Status

_MICROSECONDS = 1e6


class SystemdSink(Sink):
    """Ready at the first result; then alive at every result, and at nothing else.

    A camera that delivers nothing, a model that hangs, an output that blocks: none of them gives a
    result, and systemd starts the service again after its ``WatchdogSec=``.

    Args:
        address: path of systemd's socket; a leading ``@`` is Linux's abstract namespace.
        patience: seconds after which systemd gives the service up; ``None`` when it never does.
        clock: seconds, monotonic.
    """

    shows_pictures = False

    def __init__(
        self,
        address: str,
        patience: float | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # a manager that reads nothing must not hold the loop up
        self._every = None if patience is None else patience / 4
        self._clock = clock
        self._due: float | None = None

    def consume(self, result: AnnotatedFrame) -> None:  # noqa: ARG002 - that there is one
        """Say that a frame was processed, four times in systemd's patience at most."""
        now = self._clock()
        if self._due is None:
            if not self._tell("READY=1"):
                return  # with the next frame
            self._due = now
        if self._every is not None and now >= self._due:
            self._tell("WATCHDOG=1")
            self._due = now + self._every

    def report(self, status: Status) -> None:
        """One line for ``systemctl status``."""
        states = ", ".join(f"{source.name} {source.state}" for source in status.sources)
        line = f"{status.frames} frames, {status.fps:.1f} frames/s; {states}"
        self._tell(f"STATUS={' '.join(line.split())}")

    def close(self) -> None:
        """Say that the end was meant."""
        self._tell("STOPPING=1")
        self._socket.close()

    def _tell(self, message: str) -> bool:
        """Whether the manager has it; it notices by itself that it heard nothing."""
        try:
            self._socket.sendto(message.encode(), self._address)
        except OSError:
            return False
        return True


def systemd_sink(environment: Mapping[str, str] = os.environ) -> SystemdSink | None:
    """A sink for the service manager that started this process; ``None`` where none did."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return None
    meant = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    patience = environment.get("WATCHDOG_USEC", "") if meant else ""
    return SystemdSink(address, int(patience) / _MICROSECONDS if patience.isdecimal() else None)
