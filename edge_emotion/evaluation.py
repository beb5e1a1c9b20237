"""How good a model's answers are: accuracy with its interval, per-class figures, calibration."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_emotion.backends import Faces, Logits, Session
from edge_emotion.emotions import LABELS
from edge_emotion.errors import BackendError, DataError

CALIBRATION_BINS = 15
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
        per_class: label → figures.
        confusion: counts, rows are the truth, columns the answer, both in the order of ``Emotion``.
    """

    images: int
    accuracy: float
    accuracy_ci95: tuple[float, float]
    balanced_accuracy: float
    macro_f1: float
    ece: float
    per_class: dict[str, ClassMetrics]
    confusion: tuple[tuple[int, ...], ...]


def predict_logits(session: Session, images: Faces, batch_size: int) -> Logits:
    """Run a model over images, in their order.

    Args:
        session: a loaded model.
        images: uint8 (N, 48, 48).
        batch_size: images per inference; the last batch may be smaller.

    Returns:
        float32 logits (N, 7).

    Raises:
        BackendError: the runtime failed, or gave a number that is not finite.
    """
    logits = np.empty((len(images), len(LABELS)), np.float32)
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        logits[start : start + len(batch)] = session.infer(batch)
    if not np.isfinite(logits).all():
        raise BackendError(
            f"{session.artifact.path.name} gave logits that are not finite",
            "the model is broken: train or export it again",
        )
    return logits


def evaluate(logits: Logits, labels: npt.NDArray[np.int64], temperature: float) -> Metrics:
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
        per_class=per_class,
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def softmax(logits: Logits) -> npt.NDArray[np.float64]:
    """Probabilities (N, 7) of logits (N, 7)."""
    shifted = logits.astype(np.float64)
    exponentials = np.exp(shifted - shifted.max(axis=1, keepdims=True))
    probabilities: npt.NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


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


def calibration_error(confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> float:
    """Expected calibration error with 15 bins of equal width.

    Mean distance between confidence and accuracy within a bin, weighted by the bin's size: C. Guo
    et al., "On calibration of modern neural networks", ICML 2017, equation 3.

    Args:
        confidence: (N,), probability of the answer given.
        right: (N,), whether the answer is right.
    """
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, weights=confidence - right, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(confidence))


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
