"""Accuracy on faces as cameras and detectors give them, rather than as datasets do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edge_emotion.backends import Faces, Session
from edge_emotion.errors import DataError
from edge_emotion.evaluation.answers import Labels, predict_logits
from edge_emotion.evaluation.corruptions import CORRUPTIONS, SEVERITIES

BySeverity = tuple[float, float, float]
_MIDDLE = SEVERITIES.index(2)


@dataclass(frozen=True)
class Robustness:
    """Accuracy under each corruption; all fractions.

    Args:
        clean: on the images as they are.
        corruptions: name → accuracy at severity 1, 2 and 3.
        mean: over the corruptions, at severity 1, 2 and 3.
        drop_middle: ``clean`` minus the mean at severity 2.
    """

    clean: float
    corruptions: dict[str, BySeverity]
    mean: BySeverity
    drop_middle: float


def measure_robustness(
    session: Session,
    images: Faces,
    labels: Labels,
    batch_size: int,
    progress: Callable[[str], None],
) -> Robustness:
    """Judge a model on every image under every corruption: 28 passes.

    Args:
        session: a loaded model.
        images: uint8 (N, 48, 48).
        labels: (N,), positions in ``Emotion``.
        batch_size: images per inference.
        progress: told of each corruption that is done.

    Raises:
        BackendError: the runtime failed.
        DataError: there are no images.
    """
    if not len(labels):
        raise DataError("there are no images to spoil", "choose another split")

    def accuracy(faces: Faces) -> float:
        answers = predict_logits(session, faces, batch_size).argmax(axis=1)
        return float(np.mean(answers == labels))

    clean = accuracy(images)
    measured: dict[str, BySeverity] = {}
    for corruption in CORRUPTIONS:
        mild, middle, hard = (accuracy(corruption.apply(images, each)) for each in SEVERITIES)
        measured[corruption.name] = mild, middle, hard
        progress(f"{corruption.name}: {mild:.2%}, {middle:.2%}, {hard:.2%} (clean: {clean:.2%})")
    mean = np.mean(list(measured.values()), axis=0).tolist()
    return Robustness(clean, measured, (mean[0], mean[1], mean[2]), clean - mean[_MIDDLE])
