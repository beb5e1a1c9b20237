"""What the process that reads a source tells the one that supervises it: one JSON text each."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

LARGEST_BYTES = 1 << 16
"""No message is longer."""


@dataclass(frozen=True)
class Order:
    """To the reading process: open this source now."""

    text: str


@dataclass(frozen=True)
class Opened:
    """The source is open; ``rate`` is its nominal frames per second."""

    rate: float


@dataclass(frozen=True)
class Memory:
    """Frames of this shape follow; the descriptor of their memory comes with the message."""

    shape: tuple[int, ...]


@dataclass(frozen=True)
class Written:
    """A frame lies in the memory; times as those of ``Grab``."""

    sequence: int
    captured_at: float
    monotonic: float


@dataclass(frozen=True)
class Failed:
    """The source does not open, or has stopped."""

    reason: str


Message = Order | Opened | Memory | Written | Failed
_KINDS = {kind.__name__: kind for kind in (Order, Opened, Memory, Written, Failed)}


def encode(message: Message) -> bytes:
    """The message as bytes."""
    return json.dumps([type(message).__name__, asdict(message)]).encode()


def decode(content: bytes) -> Message:
    """The message that ``encode`` made these bytes of."""
    name, fields = json.loads(content)
    message: Message = _KINDS[name](**fields)
    return message
