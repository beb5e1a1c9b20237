"""Which faces of a held-out split a model may have seen in training."""

from __future__ import annotations

from edge_emotion.data.duplicates import Mask, have_near
from edge_emotion.data.faceset import FaceTable, Split


def seen_in_training(table: FaceTable, split: Split) -> Mask | None:
    """The faces of ``split`` that are near a training face of the same source.

    Returns:
        bool (N,), in the order of the split; None where that says nothing: ``split`` is what is
        trained on, or the source has no training faces.
    """
    training = table.rows(Split.TRAIN)
    if split is Split.TRAIN or not len(training):
        return None
    return have_near(table.images[table.rows(split)], table.images[training])
