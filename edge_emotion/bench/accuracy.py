"""Accuracy of the very file that is timed, on the very backend it is timed on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_emotion.backends import Session
from edge_emotion.evaluation import Score, evaluate, predict_logits
from edge_emotion.evaluation.exam import Exam

BATCH = 64
"""Images an inference takes while accuracy is measured."""


@dataclass(frozen=True)
class Accuracy:
    """What a session got right.

    Attributes:
        share: fraction of images classified as labelled.
        leak_free: on those of them that are near no training image, where that is known.
        ci95: its Wilson interval.
        predictions: predicted class of every image, (N,).
        recall: label → share of its images that are recognised; classes without images left out.
    """

    share: float
    leak_free: Score | None
    ci95: tuple[float, float]
    predictions: npt.NDArray[np.intp]
    recall: dict[str, float]

    def agreement(self, other: Accuracy) -> float:
        """Fraction of images on which both predict the same class."""
        return float(np.mean(self.predictions == other.predictions))


def measure_accuracy(session: Session, exam: Exam) -> Accuracy:
    """Classify every image that is judged with ``session``.

    Raises:
        BackendError: the runtime failed.
    """
    images, labels = exam.judged
    logits = predict_logits(session, images, BATCH)
    metrics = evaluate(logits, labels, session.artifact.manifest.temperature)
    predictions = logits.argmax(axis=1)
    return Accuracy(
        share=metrics.accuracy,
        leak_free=None if exam.fresh is None else Score.of((predictions == labels)[exam.fresh]),
        ci95=metrics.accuracy_ci95,
        predictions=predictions,
        recall={label: each.recall for label, each in metrics.per_class.items() if each.support},
    )


def digits(classes: npt.NDArray[np.integer]) -> str:
    """Class indices (N,) as a string of N digits."""
    return "".join(map(str, classes.tolist()))


def classes(text: str) -> npt.NDArray[np.intp]:
    """The class indices (N,) that ``digits`` wrote."""
    return np.array(list(text), dtype=np.intp)
