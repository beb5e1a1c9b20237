"""Start, hear and end the process that reads one source."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

from edge_emotion.camera.base import Grab
from edge_emotion.camera.live.messages import (
    LARGEST_BYTES,
    Failed,
    Memory,
    Opened,
    Order,
    Written,
    decode,
    encode,
)
from edge_emotion.camera.live.slots import SlotReader
from edge_emotion.errors import SourceError

_REAP_SECONDS = 5.0
"""A killed process is gone within milliseconds, unless the kernel itself hangs in a driver."""


class CaptureProcess:
    """A child that has imported what it needs and waits for the order to open its source.

    Args:
        kind: the source's name in ``sources.REGISTRY``.
        name: what to call the source in errors.

    ``may_try_again`` is whether it said itself that the source did not open, and has read nothing:
    then it can be ordered once more.
    """

    def __init__(self, kind: str, name: str) -> None:
        self._name = name
        self._slots: SlotReader | None = None
        self._expected = 0
        self.rate: float | None = None
        self.may_try_again = False
        # Message boundaries are kept, and a closed end is noticed.
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._child = subprocess.Popen(  # noqa: S603 - this interpreter and this package
                [
                    *(sys.executable, "-m", "edge_emotion.camera.live.worker"),
                    *(str(theirs.fileno()), kind, str(os.getpid())),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the loop, which then ends the child
                env=os.environ | {"PYTHONPATH": _import_path()},
            )

    def open(self, text: str) -> None:
        """Order it to open the source. A child that is gone is noticed by ``newest``."""
        self.may_try_again = False
        with suppress(BrokenPipeError, ConnectionResetError):
            self._channel.send(encode(Order(text)))

    def newest(self, patience: float) -> Grab | None:
        """The newest frame that was not handed over yet; ``None`` when none comes in time.

        Args:
            patience: seconds to wait for one.

        Raises:
            SourceError: the source failed, or the process ended.
        """
        deadline = time.monotonic() + patience
        while True:
            written = self._hear(max(deadline - time.monotonic(), 0))
            if written is None:
                return None
            assert self._slots is not None  # noqa: S101 - the memory is sent before its frames
            image = self._slots.copy(written.sequence)
            if image is None:
                continue
            skipped = written.sequence - self._expected
            self._expected = written.sequence + 1
            return Grab(image, 0.0, skipped, written.captured_at, written.monotonic)

    def kill(self) -> None:
        """End and reap it, and give its memory up; killing twice is harmless."""
        self._child.kill()
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(_REAP_SECONDS)
        self._channel.close()
        if self._slots is not None:
            self._slots.close()
            self._slots = None

    def _hear(self, patience: float) -> Written | None:
        """Take every message that is there; the last frame they tell of."""
        newest: Written | None = None
        deadline = time.monotonic() + patience
        while self._readable(0.0 if newest else max(deadline - time.monotonic(), 0)):
            message = self._receive()
            if isinstance(message, Written):
                newest = message
            elif isinstance(message, Opened):
                self.rate = message.rate
            elif isinstance(message, Memory):
                newest = None  # what it told of lay in the memory before this one
            elif isinstance(message, Failed):
                self.may_try_again = self._slots is None
                raise SourceError(message.reason)
        return newest

    def _readable(self, patience: float) -> bool:
        # Not select(): it knows no descriptor above 1023.
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        return bool(poll.poll(patience * 1000))

    def _receive(self) -> object:
        try:
            content, descriptors, _, _ = socket.recv_fds(self._channel, LARGEST_BYTES, 1)
        except ConnectionResetError:
            content, descriptors = b"", []
        if not content:
            raise SourceError(f"{self._name}: {self._how_it_ended()}")
        message = decode(content)
        if isinstance(message, Memory):
            if self._slots is not None:
                self._slots.close()
            self._slots = SlotReader(descriptors[0], tuple(message.shape))
        return message

    def _how_it_ended(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(_REAP_SECONDS)
        code = self._child.returncode
        if code is not None and code < 0:
            return f"the process that reads it was ended by {signal.Signals(-code).name}"
        return f"the process that reads it ended with code {code}"


def _import_path() -> str:
    """The child finds what this process finds, in the same order."""
    return os.pathsep.join(entry or str(os.getcwd()) for entry in sys.path)  # noqa: PTH109
