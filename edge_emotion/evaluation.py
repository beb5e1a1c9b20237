"""How good a model's answers are: accuracy with its interval, per-class figures, calibration."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_emotion.backends import Faces, Logits, Session
from edge_emotion.data.ferplus import CHOICES, EMOTIONS, NO_MAJORITY, Votes
from edge_emotion.emotions import LABELS
from edge_emotion.errors import BackendError, DataError

Labels = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

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
    def of(cls, right: npt.NDArray[np.bool_]) -> Score | None:
        """Count right answers, (N,); None where there are no images."""
        if not len(right):
            return None
        hits = int(right.sum())
        return cls(len(right), hits / len(right), wilson_interval(hits, len(right)))


@dataclass(frozen=True)
class VoteMetrics:
    """What a model achieves against people's votes (FER+), beside ``Metrics`` on the majorities.

    Args:
        left_out: images not judged, by reason: "contempt" won, which no model here answers; "no
            majority"; "unknown" or "not_a_face" won; "no_votes".
        eight_class: accuracy where contempt is a class too, and always answered wrongly.
        vote_share: mean share of the eight emotions' votes that the model's answer got, on the
            images of ``eight_class``.
        label_agreement: share of the judged images whose own label is the majority's.
    """

    left_out: dict[str, int]
    eight_class: Score | None
    vote_share: float
    label_agreement: float


@dataclass(frozen=True)
class Examination:
    """Everything that ``evaluate`` reports of a model's answers.

    Args:
        metrics: on every image that has a truth to be judged by.
        leak_free: on those of them that are near no training image; None where no training images
            are known, or none of them is left.
        ferplus: more against people's votes, when those are the truth.
    """

    metrics: Metrics
    leak_free: Score | None
    ferplus: VoteMetrics | None


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
    starts = range(0, len(images), batch_size)
    batches = (images[start : start + batch_size] for start in starts)
    for start, answers in zip(starts, session.infer_many(batches), strict=True):
        logits[start : start + len(answers)] = answers
    if not np.isfinite(logits).all():
        raise BackendError(
            f"{session.artifact.path.name} gave logits that are not finite",
            "the model is broken: train or export it again",
        )
    return logits


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
        per_class=per_class,
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def examine(
    logits: Logits, labels: Labels, temperature: float, seen: Mask | None, votes: Votes | None
) -> Examination:
    """Compare answers with the labels, or with the majority of people's votes.

    Args:
        logits: (N, 7).
        labels: (N,), positions in ``Emotion``, as the dataset gives them.
        temperature: as ``evaluate`` takes it.
        seen: bool (N,), images near a training image; None where that is not to be told.
        votes: on the same images; the majority is the truth then.

    Raises:
        DataError: there are no images, or none with a majority for one of the seven classes.
    """
    truth = labels if votes is None else votes.majority()
    judged = (truth >= 0) & (truth < len(LABELS))
    right = logits.argmax(axis=1) == truth
    return Examination(
        metrics=evaluate(logits[judged], truth[judged], temperature),
        leak_free=None if seen is None else Score.of(right[judged & ~seen]),
        ferplus=None if votes is None else _compare_with_votes(logits, votes, labels),
    )


def _compare_with_votes(logits: Logits, votes: Votes, labels: Labels) -> VoteMetrics:
    majority, answers = votes.majority(), logits.argmax(axis=1)
    judged = (majority >= 0) & (majority < len(LABELS))
    emotional = (majority >= 0) & (majority < EMOTIONS)
    shares = votes.shares(EMOTIONS)[np.arange(len(answers)), answers]
    without = votes.missing()
    reasons = {choice: majority == CHOICES.index(choice) for choice in CHOICES[len(LABELS) :]}
    reasons |= {"no_majority": (majority == NO_MAJORITY) & ~without, "no_votes": without}
    return VoteMetrics(
        left_out={reason: int(np.count_nonzero(images)) for reason, images in reasons.items()},
        eight_class=Score.of((answers == majority)[emotional]),
        vote_share=float(shares[emotional].mean()),
        label_agreement=float((majority == labels)[judged].mean()),
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
