"""Ctrl-C that is heard only where it can be answered."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupt:
    """Holds Ctrl-C back while trials are written down, so that none is left half recorded.

    Within ``heard`` it raises ``KeyboardInterrupt`` as ever; elsewhere in the context it waits for
    the next ``heard``. For the main thread.
    """

    def __init__(self) -> None:
        self._asked = False
        self._listening = False

    def __enter__(self) -> Interrupt:
        self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _handle(self, _signal: int, _frame: FrameType | None) -> None:
        self._asked = True
        if self._listening:
            raise KeyboardInterrupt

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Let Ctrl-C end the block, also one that was pressed before it.

        Raises:
            KeyboardInterrupt: it was pressed.
        """
        if self._asked:
            raise KeyboardInterrupt
        self._listening = True
        try:
            yield
        finally:
            self._listening = False
