"""How long to wait before the next attempt to connect."""

from __future__ import annotations

import random


class Backoff:
    """Delays that double, spread so that many loops do not ask one server in step.

    Args:
        first: seconds before the second attempt.
        longest: seconds that a delay never exceeds: with what opening a stream takes, a server is
            found within two seconds of its return, however long it was away.
    """

    def __init__(self, first: float = 0.25, longest: float = 0.75) -> None:
        self._first = first
        self._longest = longest
        self._delay = first

    def next(self) -> float:
        """Seconds to wait now: between half the delay and all of it."""
        delay = self._delay
        self._delay = min(2 * delay, self._longest)
        return delay * random.uniform(0.5, 1.0)  # noqa: S311 - no secret depends on it

    def reset(self) -> None:
        """Begin again with the first delay."""
        self._delay = self._first
