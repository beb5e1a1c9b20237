"""A face out of sight is looked for where it was going."""

from __future__ import annotations

import numpy as np
import pytest

from edge_emotion.vision.trajectory import Trajectory

SIZE = 100.0
VELOCITY = np.array([300.0, -40.0])


def walked(rate: float, seconds: float, noise: float = 0.0) -> Trajectory:
    """A face that was seen walking for some time."""
    random = np.random.default_rng(0)
    trajectory = Trajectory.begun(0.0, np.zeros(2), SIZE)
    for number in range(1, round(seconds * rate) + 1):
        at = number / rate
        trajectory = trajectory.corrected(at, VELOCITY * at + random.normal(0, noise, 2), SIZE)
    return trajectory


@pytest.mark.parametrize("rate", [10, 25, 60])
def test_half_a_second_ahead_is_known_at_every_frame_rate(rate: float) -> None:
    ahead = walked(rate, 1.0, noise=2.0).until(1.5)
    assert ahead.centre == pytest.approx(VELOCITY * 1.5, abs=0.2 * SIZE)
    assert ahead.velocity == pytest.approx(VELOCITY, rel=0.25, abs=30)


def test_a_face_that_is_covered_bit_by_bit_does_not_shrink_or_stop() -> None:
    trajectory = walked(25, 1.0)
    for number, hidden in enumerate([20, 40, 60]):
        at = 1 + (number + 1) / 25
        seen = SIZE - hidden
        centre = VELOCITY * at - np.array([hidden / 2, 0])
        trajectory = trajectory.corrected(at, centre, np.sqrt(seen * SIZE))
    ahead = trajectory.until(trajectory.at + 0.5)
    assert ahead.size > 0.85 * SIZE
    missed = np.linalg.norm(ahead.centre - VELOCITY * ahead.at)
    assert missed < 3 * ahead.deviation * SIZE


def test_what_is_not_seen_becomes_less_certain() -> None:
    trajectory = walked(25, 1.0)
    deviations = [trajectory.until(1 + seconds).deviation for seconds in (0.04, 0.2, 0.5, 1.0)]
    assert deviations == sorted(deviations)
    assert deviations[0] < 0.1
    assert 0.3 < deviations[-1] < 1
