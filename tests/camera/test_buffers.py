"""Bounds: what waits for a broker, and how often a client may ask."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_emotion.camera.serve.rate import RateLimit
from edge_emotion.camera.sinks.outbox import Message, Outbox


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 8))
def test_the_newest_events_stay_in_order_and_the_rest_is_counted(
    puts: list[bool], bound: int
) -> None:
    outbox = Outbox(bound)
    put, given_up, taken = 0, 0, []
    for is_put in puts:
        if is_put:
            given_up += outbox.waiting == bound
            outbox.put(Message("t", str(put)))
            put += 1
        elif outbox:
            taken.append(int(outbox.take().payload))
        assert outbox.waiting <= bound
    while outbox:
        taken.append(int(outbox.take().payload))
    assert taken == sorted(taken)
    assert outbox.dropped == given_up
    assert len(taken) + outbox.dropped == put
    assert taken[-1:] == ([put - 1] if put else [])


def test_of_a_state_only_the_latest_word_is_sent() -> None:
    outbox = Outbox(4)
    outbox.put(Message("event", "1"))
    for word in ("a", "b"):
        outbox.put(Message("state", word, retain=True))
    assert [outbox.take().payload for _ in range(2)] == ["b", "1"]
    with pytest.raises(LookupError):
        outbox.take()
    outbox.repeat_retained()
    assert outbox.take().payload == "b"
    assert outbox.dropped == 0


def test_a_client_has_a_burst_and_then_a_rate() -> None:
    limit = RateLimit(per_second=50, burst=3)
    assert [limit.allows("a") for _ in range(4)] == [True, True, True, False]
    assert limit.allows("b"), "another client has its own"
    time.sleep(0.05)
    assert limit.allows("a")


def test_clients_without_end_take_no_memory_without_end() -> None:
    limit = RateLimit(per_second=1, burst=1)
    for number in range(5000):
        assert limit.allows(str(number))
    assert len(limit._clients) <= 1024
