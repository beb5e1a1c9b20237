"""The process that reads one live source.

Its arguments are the descriptor of its channel, the kind of the source and the number of the
process that starts it. It imports OpenCV and the adapter of its source, waits for the order to
open, and then puts every frame into shared memory. It ends when the other
end of its channel is closed, and, killed by the kernel, when the process that started it is gone.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys

from edge_emotion.camera.base import Source
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
from edge_emotion.camera.live.slots import SlotWriter
from edge_emotion.camera.redact import without_credentials
from edge_emotion.camera.sources import kind_named
from edge_emotion.errors import SourceError

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def main() -> None:
    """Read the source as often as it is ordered to, each time until it fails."""
    descriptor, kind_name, parent = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    _die_with(parent)
    kind = kind_named(kind_name)
    with socket.socket(fileno=descriptor) as channel:
        # A source that did not open is ordered again: a new process would find no other answer.
        while content := channel.recv(LARGEST_BYTES):
            order = decode(content)
            assert isinstance(order, Order)  # noqa: S101 - nothing else is ever sent this way
            try:
                _obey(kind, order, channel)
            except (BrokenPipeError, ConnectionResetError):
                return


def _obey(kind: type[Source], order: Order, channel: socket.socket) -> None:
    try:
        _read(kind, order.text, channel)
    except SourceError as error:
        channel.send(encode(Failed(str(error))))
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the supervisor must hear of it
        reason = f"{type(error).__name__}: {error}"
        channel.send(encode(Failed(without_credentials(reason))))


def _read(kind: type[Source], text: str, channel: socket.socket) -> None:
    source = kind(text)
    channel.send(encode(Opened(source.rate)))
    slots: SlotWriter | None = None
    sequence = 0
    while (grab := source.grab()) is not None:
        if slots is None or slots.shape != grab.image.shape:
            if slots is not None:
                slots.close()
            slots = SlotWriter(grab.image.shape)
            socket.send_fds(channel, [encode(Memory(slots.shape))], [slots.descriptor])
        slots.write(sequence, grab.image)
        try:
            written = encode(Written(sequence, grab.captured_at, grab.monotonic))
            channel.send(written, socket.MSG_DONTWAIT)
        except BlockingIOError:
            pass  # nobody listens just now: the frame counts as skipped
        sequence += 1


def _die_with(parent: int) -> None:
    """Let the kernel kill this process when the thread that started it ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the kernel was told
        sys.exit(1)


if __name__ == "__main__":
    main()
