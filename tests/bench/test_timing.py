from __future__ import annotations

import gc
import itertools
import time

import numpy as np
import pytest

from edge_emotion.backends import Faces, Logits
from edge_emotion.bench.timing import ROUNDS, Lane, measure

INPUTS = [np.full((1, 48, 48), value, np.uint8) for value in range(5)]
LOGITS = np.zeros((1, 7), np.float32)


def sleeper(log: list[str], name: str, seconds: float) -> Lane:
    def call(faces: Faces) -> Logits:
        log.append(f"{name}{faces[0, 0, 0]}")
        time.sleep(seconds)
        return LOGITS

    return Lane(call, INPUTS)


def test_lanes_are_timed_in_turns_over_all_rounds() -> None:
    log: list[str] = []
    lanes = [sleeper(log, "a", 0.001), sleeper(log, "b", 0.002)]
    measure(lanes, 0.1)
    assert [len(lane.rounds_ns) for lane in lanes] == [ROUNDS, ROUNDS]
    assert all(slice_ns for lane in lanes for slice_ns in lane.rounds_ns)
    names = [entry[0] for entry in log]
    changes = sum(one != other for one, other in itertools.pairwise(names))
    assert changes >= ROUNDS


def test_a_sample_is_the_duration_of_one_call() -> None:
    lane = sleeper([], "a", 0.002)
    measure([lane], 0.1)
    samples = [sample for timed in lane.rounds_ns for sample in timed]
    assert min(samples) >= 2_000_000
    assert np.median(samples) < 4_000_000
    assert sum(samples) >= 0.09e9


def test_no_call_sees_the_input_of_the_call_before() -> None:
    log: list[str] = []
    measure([sleeper(log, "a", 0.0005)], 0.05)
    assert set(log) == {f"a{value}" for value in range(5)}
    assert all(one != other for one, other in itertools.pairwise(log))


def test_a_call_slower_than_its_slice_is_still_timed_in_every_round() -> None:
    lane = sleeper([], "a", 0.01)
    measure([lane], 0.01)
    assert [len(timed) for timed in lane.rounds_ns] == [1] * ROUNDS


@pytest.mark.parametrize("calls_before", [0, 100])
def test_a_lane_that_raises_ends_alone(calls_before: int) -> None:
    calls = iter(range(10_000))

    def call(_: Faces) -> Logits:
        if next(calls) >= calls_before:
            raise RuntimeError("device lost")
        time.sleep(0.001)
        return LOGITS

    failing, healthy = Lane(call, INPUTS), sleeper([], "a", 0.001)
    measure([failing, healthy], 0.2)
    assert str(failing.error) == "device lost"
    assert len(failing.rounds_ns) < ROUNDS
    assert healthy.error is None
    assert len(healthy.rounds_ns) == ROUNDS


def test_the_garbage_collector_rests_while_timing_and_works_after() -> None:
    seen: list[bool] = []

    def call(_: Faces) -> Logits:
        seen.append(gc.isenabled())
        time.sleep(0.001)
        return LOGITS

    measure([Lane(call, INPUTS)], 0.05)
    assert not seen[-1]
    assert gc.isenabled()
