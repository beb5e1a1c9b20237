"""What a model takes of the memory of the process that it is loaded into."""

from __future__ import annotations

from edge_emotion.bench.frozen import Frozen
from edge_emotion.vitals import forget_peak_rss, peak_rss_bytes, rss_bytes


class Memory(Frozen):
    """Of the process, in RAM: its interpreter, the runtime, and rows that were loaded before."""

    before_bytes: int
    after_bytes: int
    """With the model loaded, and a first result."""
    peak_bytes: int | None
    """The most on the way there; ``None`` where the system does not let it be measured."""

    @property
    def added_bytes(self) -> int:
        """What is held in the end and was not before, at least 0."""
        return max(self.after_bytes - self.before_bytes, 0)


class MemoryWatch:
    """Measures from its construction on."""

    def __init__(self) -> None:
        self._sees_peak = forget_peak_rss()
        self._before = rss_bytes()

    def memory(self) -> Memory:
        """What was taken since."""
        after = rss_bytes()
        peak = max(peak_rss_bytes(), after) if self._sees_peak else None
        return Memory(before_bytes=self._before, after_bytes=after, peak_bytes=peak)
