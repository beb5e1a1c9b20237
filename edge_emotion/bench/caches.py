"""A cache folder of the benchmark's own, so that a cold start is cold whatever ran before."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_VARIABLE = "EDGE_EMOTION_CACHE"


@contextmanager
def fresh_caches() -> Iterator[Callable[[], None]]:
    """Keep the user's cache folder out of a run.

    Yields:
        A function that empties the cache for whatever is loaded next; what was loaded before goes
        on with its own.
    """
    before = os.environ.get(_VARIABLE)
    with tempfile.TemporaryDirectory(prefix="edge-emotion-") as root:

        def renew() -> None:
            os.environ[_VARIABLE] = tempfile.mkdtemp(dir=root)

        renew()
        try:
            yield renew
        finally:
            if before is None:
                del os.environ[_VARIABLE]
            else:
                os.environ[_VARIABLE] = before
