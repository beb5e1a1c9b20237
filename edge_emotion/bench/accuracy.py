"""Accuracy of the very file that is timed, on the very backend it is timed on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_emotion.backends import Session
from edge_emotion.data import FaceSet
from edge_emotion.evaluation import evaluate, predict_logits

BATCH = 64
"""Images an inference takes while accuracy is measured."""


@dataclass(frozen=True)
class Accuracy:
    """What a session got right.

    Attributes:
        share: fraction of images classified as labelled.
        ci95: its Wilson interval.
        predictions: predicted class of every image, (N,).
        recall: label → share of its images that are recognised; classes without images left out.
    """

    share: float
    ci95: tuple[float, float]
    predictions: npt.NDArray[np.intp]
    recall: dict[str, float]

    def agreement(self, other: Accuracy) -> float:
        """Fraction of images on which both predict the same class."""
        return float(np.mean(self.predictions == other.predictions))


def measure_accuracy(session: Session, dataset: FaceSet) -> Accuracy:
    """Classify every image of ``dataset`` with ``session``.

    Raises:
        BackendError: the runtime failed.
    """
    logits = predict_logits(session, dataset.images, BATCH)
    metrics = evaluate(logits, dataset.labels, session.artifact.manifest.temperature)
    recall = {label: each.recall for label, each in metrics.per_class.items() if each.support}
    return Accuracy(metrics.accuracy, metrics.accuracy_ci95, logits.argmax(axis=1), recall)


def digits(classes: npt.NDArray[np.integer]) -> str:
    """Class indices (N,) as a string of N digits."""
    return "".join(map(str, classes.tolist()))


def classes(text: str) -> npt.NDArray[np.intp]:
    """The class indices (N,) that ``digits`` wrote."""
    return np.array(list(text), dtype=np.intp)
