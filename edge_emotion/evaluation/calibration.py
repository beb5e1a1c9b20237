"""Whether a model is as sure as it is right, and the temperature that makes it so.

Temperature scaling divides all logits by one number, which changes how sure a model is and never
what it answers: C. Guo et al., "On calibration of modern neural networks", ICML 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_emotion.backends import Logits
from edge_emotion.errors import DataError
from edge_emotion.evaluation.answers import Labels, Mask

CALIBRATION_BINS = 15
LOWEST, HIGHEST = 0.05, 20.0
"""Temperatures that a fit may give; one that wants to go further has no mistakes, or no skill."""

_HALVINGS = 60
"""Steps of the search; each halves the interval, so this is past float64's precision."""


@dataclass(frozen=True)
class CrossFit:
    """What temperature scaling brings on images that did not choose the temperature.

    Args:
        ece_uncalibrated: calibration error at temperature 1.
        ece_cross_fitted: calibration error where each half of the images is scaled by the
            temperature that fits the other half.
    """

    ece_uncalibrated: float
    ece_cross_fitted: float


def softmax(logits: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """Probabilities (N, 7) of logits (N, 7)."""
    shifted = logits.astype(np.float64)
    exponentials = np.exp(shifted - shifted.max(axis=1, keepdims=True))
    probabilities: npt.NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def calibration_error(confidence: npt.NDArray[np.float64], right: Mask) -> float:
    """Expected calibration error with 15 bins of equal width.

    Mean distance between confidence and accuracy within a bin, weighted by the bin's size: Guo et
    al., equation 3.

    Args:
        confidence: (N,), probability of the answer given.
        right: (N,), whether the answer is right.
    """
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, weights=confidence - right, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def fit_temperature(logits: Logits, labels: Labels) -> float:
    """The temperature with the least negative log-likelihood, from 0.05 to 20.

    The likelihood is convex in the inverse temperature, and its slope there is the mean of the
    expected logit minus the label's logit: a bisection on its sign finds the one minimum.

    Args:
        logits: (N, 7).
        labels: (N,), positions in ``Emotion``.

    Raises:
        DataError: there are no images.
    """
    if not len(labels):
        raise DataError("there are no images to fit a temperature on", "choose another split")
    wide = logits.astype(np.float64)
    wanted = float(wide[np.arange(len(labels)), labels].mean())
    low, high = 1 / HIGHEST, 1 / LOWEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        expected = float((softmax(wide * middle) * wide).sum(axis=1).mean())
        low, high = (middle, high) if expected < wanted else (low, middle)
    return 2 / (low + high)


def cross_fit(logits: Logits, labels: Labels) -> CrossFit:
    """Judge temperature scaling on images that were not used to fit it.

    The halves are every second image: datasets are sorted by class, so both have every class.

    Args:
        logits: (N, 7), N at least 2.
        labels: (N,), positions in ``Emotion``.

    Raises:
        DataError: there are fewer than two images.
    """
    even = np.arange(len(labels)) % 2 == 0
    temperatures = np.where(
        even,
        fit_temperature(logits[~even], labels[~even]),
        fit_temperature(logits[even], labels[even]),
    )
    right = logits.argmax(axis=1) == labels
    return CrossFit(
        ece_uncalibrated=calibration_error(softmax(logits).max(axis=1), right),
        ece_cross_fitted=calibration_error(
            softmax(logits / temperatures[:, None]).max(axis=1), right
        ),
    )
