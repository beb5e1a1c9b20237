"""What a model answers to images, and what the answers are held against."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_emotion.backends import Faces, Logits, Session
from edge_emotion.emotions import LABELS
from edge_emotion.errors import BackendError

Labels = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


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
