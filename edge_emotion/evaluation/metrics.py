"""Accuracy with its interval, and figures for each class."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_emotion.backends import Logits
from edge_emotion.emotions import LABELS
from edge_emotion.errors import DataError
from edge_emotion.evaluation.answers import Labels, Mask
from edge_emotion.evaluation.calibration import calibration_error, softmax

_Z_95 = 1.959963984540054
"""97.5 % quantile of the standard normal distribution."""


@dataclass(frozen=True)
class ClassMetrics:
    """One class against the six others; a figure whose denominator is 0 is 0."""

    precision: float
    recall: float
    f1: float
    support: int
    """Images of this class."""


@dataclass(frozen=True)
class Metrics:
    """What a model achieves on labelled images; fractions from 0 to 1.

    Args:
        images: number of images.
        accuracy: share of images whose most likely class is right.
        accuracy_ci95: Wilson interval of the accuracy.
        balanced_accuracy: mean recall of the classes that occur.
        macro_f1: mean F1 of the classes that occur.
        ece: expected calibration error of the calibrated probabilities.
        ece_uncalibrated: the same at temperature 1.
        per_class: label → figures.
        confusion: counts, rows are the truth, columns the answer, both in the order of ``Emotion``.
    """

    images: int
    accuracy: float
    accuracy_ci95: tuple[float, float]
    balanced_accuracy: float
    macro_f1: float
    ece: float
    ece_uncalibrated: float
    per_class: dict[str, ClassMetrics]
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Score:
    """Accuracy on some of the images.

    Args:
        images: number of images.
        accuracy: share of images whose most likely class is right.
        accuracy_ci95: Wilson interval of the accuracy.
    """

    images: int
    accuracy: float
    accuracy_ci95: tuple[float, float]

    @classmethod
    def of(cls, right: Mask) -> Score | None:
        """Count right answers, (N,); None where there are no images."""
        if not len(right):
            return None
        hits = int(right.sum())
        return cls(len(right), hits / len(right), wilson_interval(hits, len(right)))


def evaluate(logits: Logits, labels: Labels, temperature: float) -> Metrics:
    """Compare answers with the truth.

    Args:
        logits: (N, 7).
        labels: (N,), positions in ``Emotion``.
        temperature: divides the logits before the softmax; it changes ``ece`` only.

    Raises:
        DataError: there are no images.
    """
    if not len(labels):
        raise DataError("there are no images to evaluate on", "choose another split")
    answers = logits.argmax(axis=1)
    confusion = np.zeros((len(LABELS), len(LABELS)), np.int64)
    np.add.at(confusion, (labels, answers), 1)
    per_class = {
        label: _class_metrics(confusion, position) for position, label in enumerate(LABELS)
    }
    occurring = [figures for figures in per_class.values() if figures.support]
    right = answers == labels
    return Metrics(
        images=len(labels),
        accuracy=float(right.mean()),
        accuracy_ci95=wilson_interval(int(right.sum()), len(labels)),
        balanced_accuracy=float(np.mean([figures.recall for figures in occurring])),
        macro_f1=float(np.mean([figures.f1 for figures in occurring])),
        ece=calibration_error(softmax(logits / temperature).max(axis=1), right),
        ece_uncalibrated=calibration_error(softmax(logits).max(axis=1), right),
        per_class=per_class,
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """95 % score interval of a proportion.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of
    the American Statistical Association 22 (1927), 209-212.
    """
    share, z2 = successes / trials, _Z_95**2
    centre = share + z2 / (2 * trials)
    spread = _Z_95 * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    scale = 1 + z2 / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def _class_metrics(confusion: npt.NDArray[np.int64], position: int) -> ClassMetrics:
    hits = int(confusion[position, position])
    support = int(confusion[position].sum())
    answered = int(confusion[:, position].sum())
    return ClassMetrics(
        precision=_ratio(hits, answered),
        recall=_ratio(hits, support),
        f1=_ratio(2 * hits, support + answered),
        support=support,
    )


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
