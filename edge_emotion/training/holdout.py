"""A part of the train split to tune on, so that no published figure is tuned on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge_emotion.data import FaceSet
from edge_emotion.data.duplicates import Likeness, Mask
from edge_emotion.emotions import LABELS
from edge_emotion.errors import DataError


@dataclass(frozen=True)
class Fold:
    """Which faces are held out: the same ones for the same values and the same source.

    Args:
        share: part of each class, between 0 and 1.
        seed: of the choice.
    """

    share: float = 0.1
    seed: int = 0


@dataclass(frozen=True)
class HeldOut:
    """A train split in two.

    Attributes:
        train: what is left to train on.
        validation: the fold.
        near: how many faces are in neither, because they are near one of the fold.
    """

    train: FaceSet
    validation: FaceSet
    near: int


def hold_out(faces: FaceSet, fold: Fold) -> HeldOut:
    """Draw the fold from each class alike, and leave its near-duplicates out of training.

    Raises:
        DataError: nothing is left to train on.
    """
    chosen = _stratified(faces, fold)
    near = Likeness.of(faces.images).near_to(chosen) & ~chosen
    left = ~(chosen | near)
    if not left.any():
        raise DataError("no training images are left beside the validation fold", "use more images")
    return HeldOut(faces.take(left), faces.take(chosen), int(np.count_nonzero(near)))


def _stratified(faces: FaceSet, fold: Fold) -> Mask:
    random = np.random.default_rng(fold.seed)
    chosen = np.zeros(len(faces), np.bool_)
    for label in range(len(LABELS)):
        members = random.permutation(np.flatnonzero(faces.labels == label))
        chosen[members[: max(1, round(fold.share * len(members)))]] = True
    return chosen
