"""Ctrl-C while trials are written down, and while one runs."""

from __future__ import annotations

import signal

import pytest

from edge_emotion.training.interrupt import Interrupt


def test_it_waits_for_a_place_where_it_is_heard() -> None:
    before = signal.getsignal(signal.SIGINT)
    written = []
    with Interrupt() as interrupt:
        with interrupt.heard():
            written.append("first trial")
        signal.raise_signal(signal.SIGINT)
        written.append("its result")
        with pytest.raises(KeyboardInterrupt), interrupt.heard():
            written.append("second trial")
    assert written == ["first trial", "its result"]
    assert signal.getsignal(signal.SIGINT) is before


def test_it_ends_what_hears_it_at_once() -> None:
    with Interrupt() as interrupt, pytest.raises(KeyboardInterrupt), interrupt.heard():
        signal.raise_signal(signal.SIGINT)
