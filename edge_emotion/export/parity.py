"""The gate between a trained model and its artefact: same answers, or no artefact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_emotion.backends import Logits
from edge_emotion.errors import ParityError

MIN_AGREEMENT = 0.99
MAX_ACCURACY_DROP = 0.003
"""As a fraction; on fewer than 333 images, where it is less than one, one image is allowed."""


@dataclass(frozen=True)
class Parity:
    """How an artefact compares with the model it was made from, on the same images.

    Args:
        images: number of images compared.
        agreement: share with the same most likely class.
        reference_accuracy: of the model, as a fraction.
        accuracy: of the artefact, as a fraction.
    """

    images: int
    agreement: float
    reference_accuracy: float
    accuracy: float


def compare(reference: Logits, artefact: Logits, labels: npt.NDArray[np.int64]) -> Parity:
    """Compare two sets of logits (N, 7) against labels (N,)."""
    expected, found = reference.argmax(axis=1), artefact.argmax(axis=1)
    return Parity(
        images=len(labels),
        agreement=float(np.mean(expected == found)),
        reference_accuracy=float(np.mean(expected == labels)),
        accuracy=float(np.mean(found == labels)),
    )


def require(parity: Parity, name: str) -> None:
    """Refuse an artefact that is not the model it claims to be.

    Raises:
        ParityError: agreement below 99 %, or accuracy more than 0.3 points below the model's.
    """
    drop = parity.reference_accuracy - parity.accuracy
    allowed = max(MAX_ACCURACY_DROP, 1 / parity.images) + 1e-9  # counts are exact, fractions not
    if parity.agreement >= MIN_AGREEMENT and drop <= allowed:
        return
    raise ParityError(
        f"{name} was not published: on {parity.images} images it agrees with its model on "
        f"{parity.agreement:.2%} (at least {MIN_AGREEMENT:.0%} needed) and loses "
        f"{drop * 100:.2f} points of accuracy (at most {allowed * 100:.1f} allowed)",
        "train the int8 phase longer, or freeze its ranges earlier",
    )
