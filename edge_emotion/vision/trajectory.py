"""Where a face will be: a Kalman filter of constant velocity for its centre.

Both coordinates are driven by white-noise acceleration, so one covariance serves both; it is kept
in units of the face's size, which makes the filter the same for near and far faces. Reference:
Bar-Shalom, Li, Kirubarajan, "Estimation with Applications to Tracking and Navigation", Wiley 2001,
section 6.2.

The size has no velocity: within a second heads do not come much nearer, but a box shrinks fast
when something moves in front of its face, and a filter that believed it would look for a dwarf
behind it. For the same reason a measurement counts the less the more its size surprises.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_MEASURED = 0.05
"""Standard deviation of a measured centre, in face sizes."""
_ACCELERATION = 1.0
"""Power density of the acceleration, in squared face sizes per cubed second: within a second, a
face at rest comes to move by about its size a second."""
_FIRST_VELOCITY = 2.0
"""Standard deviation of the velocity of a face seen once, in face sizes per second."""
_SIZE_SECONDS = 0.3
"""Time constant with which the size follows what is measured."""

Point = npt.NDArray[np.float64]
"""float64, (2,): x and y in pixels."""


@dataclass(frozen=True)
class Trajectory:
    """Place and velocity of one face at a time.

    Args:
        at: the time, in seconds.
        centre: at that time.
        velocity: of the centre, in pixels per second.
        size: side of a square as large as the face's box, in pixels.
        covariance: (2, 2), of value and velocity of each coordinate, in squared sizes.
    """

    at: float
    centre: Point
    velocity: Point
    size: float
    covariance: npt.NDArray[np.float64]

    @classmethod
    def begun(cls, at: float, centre: Point, size: float) -> Trajectory:
        """A face seen for the first time."""
        covariance = np.diag([_MEASURED**2, _FIRST_VELOCITY**2])
        return cls(at, centre, np.zeros(2), size, covariance)

    @property
    def deviation(self) -> float:
        """Standard deviation of each coordinate from where it is measured next, in face sizes."""
        return math.sqrt(self.covariance[0, 0] + _MEASURED**2)

    def until(self, at: float) -> Trajectory:
        """The prediction for a later time."""
        seconds = at - self.at
        step = np.array([[1.0, seconds], [0.0, 1.0]])
        noise = np.array([[seconds**3 / 3, seconds**2 / 2], [seconds**2 / 2, seconds]])
        covariance = step @ self.covariance @ step.T + _ACCELERATION * noise
        return Trajectory(
            at, self.centre + self.velocity * seconds, self.velocity, self.size, covariance
        )

    def corrected(self, at: float, centre: Point, size: float) -> Trajectory:
        """The estimate after the face was measured at a later time."""
        expected = self.until(at)
        deviation = max(_MEASURED, abs(math.log(size / self.size)))
        gain = expected.covariance[:, 0] / (expected.covariance[0, 0] + deviation**2)
        surprise = centre - expected.centre
        growth = (size - self.size) * (1 - math.exp(-(at - self.at) / _SIZE_SECONDS))
        return Trajectory(
            at,
            expected.centre + gain[0] * surprise,
            expected.velocity + gain[1] * surprise,
            self.size + growth,
            expected.covariance - np.outer(gain, expected.covariance[0]),
        )
