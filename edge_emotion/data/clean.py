"""Leave out of a training split what repeats, contradicts itself, leaks or shows nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_emotion.data.duplicates import Images, Likeness, Mask, are_blank, have_near
from edge_emotion.data.faceset import FaceSet
from edge_emotion.errors import DataError


@dataclass(frozen=True)
class Cleaned:
    """A training split without duplicates.

    Attributes:
        faces: what is left.
        left_out: how many faces went, by reason, each counted once: "blank"; "contradictory",
            in a group whose pictures are the same and whose labels are not; "held_out", near a face
            that is not for training; "repeated", beyond the first of a group.
    """

    faces: FaceSet
    left_out: dict[str, int]


def deduplicate(train: FaceSet, held_out: Images) -> Cleaned:
    """Keep one face of each picture, and none that stands in ``held_out`` too.

    Args:
        train: the split to train on.
        held_out: uint8 (M, 48, 48), every other face of the source.

    Raises:
        DataError: no face is left.
    """
    groups = Likeness.of(train.images).groups()
    unwanted = {
        "blank": are_blank(train.images),
        "contradictory": contradictory(groups, train.labels),
        "held_out": have_near(train.images, held_out),
    }
    left = np.ones(len(train), np.bool_)
    went: dict[str, int] = {}
    for reason, faces in unwanted.items():
        went[reason] = int(np.count_nonzero(left & faces))
        left &= ~faces
    kept = np.flatnonzero(left)
    firsts = kept[np.unique(groups[kept], return_index=True)[1]]
    if not len(firsts):
        raise DataError(
            "no training images are left without duplicates", "train without --deduplicate"
        )
    chosen = np.zeros(len(train), np.bool_)
    chosen[firsts] = True
    return Cleaned(train.take(chosen), went | {"repeated": len(kept) - len(firsts)})


def contradictory(groups: npt.NDArray[np.intp], labels: npt.NDArray[np.integer]) -> Mask:
    """Which faces stand in a group that has several labels: bool (N,).

    Args:
        groups: (N,), number of each face's group.
        labels: (N,).
    """
    lowest = np.full(int(groups.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    highest = np.full_like(lowest, -1)
    np.minimum.at(lowest, groups, labels)
    np.maximum.at(highest, groups, labels)
    return np.asarray((lowest != highest)[groups])
