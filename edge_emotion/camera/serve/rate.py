"""How often one client may ask."""

from __future__ import annotations

import time
from collections import OrderedDict

_REMEMBERED = 1024
"""Clients whose allowance is kept; the one that was quiet for longest is forgotten first."""


class RateLimit:
    """A token bucket for each client.

    Args:
        per_second: requests a client may make on average.
        burst: requests it may make at once.
    """

    def __init__(self, per_second: float, burst: int) -> None:
        self._rate = per_second
        self._burst = float(burst)
        self._clients: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, client: str) -> bool:
        """Whether a client may ask now; if so, that counts."""
        now = time.monotonic()
        left, since = self._clients.pop(client, (self._burst, now))
        left = min(left + (now - since) * self._rate, self._burst)
        allowed = left >= 1
        self._clients[client] = (left - allowed, now)
        if len(self._clients) > _REMEMBERED:
            self._clients.popitem(last=False)
        return allowed
