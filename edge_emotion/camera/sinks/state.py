"""Tells the operator, a line each, when a source is lost and when it is back."""

from __future__ import annotations

from collections.abc import Callable

from edge_emotion.camera.base import AnnotatedFrame, Sink
from edge_emotion.camera.status import SourceStatus, Status


class SourceStateSink(Sink):
    """Says what has changed since the report before.

    Args:
        say: prints one line.
    """

    shows_pictures = False

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._before: dict[int, SourceStatus] = {}

    def consume(self, result: AnnotatedFrame) -> None:
        """Frames are nothing to tell of."""

    def report(self, status: Status) -> None:
        """Say which sources changed."""
        over = all(source.state in ("ended", "failed") for source in status.sources)
        for number, now in enumerate(status.sources):
            line = _change(self._before.get(number), now)
            if line is not None and not over:  # then the run itself ends with the reason
                self._say(f"{now.name}: {line}")
            self._before[number] = now

    def close(self) -> None:
        """Nothing is held open."""


def _change(before: SourceStatus | None, now: SourceStatus) -> str | None:
    if now.state in ("connecting", "reconnecting", "failed"):
        same = before is not None and (before.state, before.error) == (now.state, now.error)
        if same or now.error is None:
            return None
        return f"{now.error} ({now.state})"
    if now.reconnects > (before.reconnects if before else 0):
        return f"back again, reconnect {now.reconnects}"
    if before is not None and before.state == "connecting" and now.state == "running":
        return "running"
    return None
