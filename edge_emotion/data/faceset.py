"""What a dataset gives: labelled 48×48 faces, whole or one split of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from itertools import compress

import numpy as np
import numpy.typing as npt

from edge_emotion.emotions import FACE_SIZE


class DatasetWarning(UserWarning):
    """A dataset is usable, but not as FER-2013 is published."""


class Split(str, Enum):
    """A part of FER-2013.

    ``test`` is every held-out image, so it holds ``public`` (PublicTest, or a folder called
    ``validation``) and ``private`` (PrivateTest).
    """

    TRAIN = "train"
    PUBLIC = "public"
    PRIVATE = "private"
    TEST = "test"

    def holds(self, partition: Split) -> bool:
        """Whether an image filed under ``partition`` belongs to this split."""
        return self is partition or (self is Split.TEST and partition is not Split.TRAIN)


@dataclass(frozen=True)
class FaceSet:
    """The labelled faces of one split, in the order of their paths.

    Attributes:
        images: uint8 (N, 48, 48), grayscale.
        labels: int64 (N,), positions in ``Emotion``.
        paths: names inside the source: ``test/angry/PublicTest_1.jpg``, or ``fer2013.csv#17`` for
            row 17 of a CSV, counted from 0 after the header.
        source_sha256: identity of the whole source: sha256 of the zip or CSV; for a folder over
            its sorted names and contents; for ``synthetic`` over the pixels drawn.
        split: what was asked for.
        targets: float32 (N, 7), class probabilities to train towards; None where the labels say
            all there is.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    paths: tuple[str, ...]
    source_sha256: str
    split: Split
    targets: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def take(self, chosen: npt.NDArray[np.bool_]) -> FaceSet:
        """The faces where ``chosen``, bool (N,), is true."""
        return replace(
            self,
            images=self.images[chosen],
            labels=self.labels[chosen],
            paths=tuple(compress(self.paths, chosen)),
            targets=None if self.targets is None else self.targets[chosen],
        )


@dataclass(frozen=True)
class FaceTable:
    """Every face of a source, decoded, with what is known about its file.

    Attributes:
        images: uint8 (N, 48, 48), grayscale.
        labels: uint8 (N,), positions in ``Emotion``.
        partitions: uint8 (N,), positions in ``Split``: the narrowest split of each face.
        sizes: int32 (N, 2), height and width of the stored picture in pixels.
        colour: bool (N,), whether the stored picture has colour channels.
        paths: names inside the source.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]
    partitions: npt.NDArray[np.uint8]
    sizes: npt.NDArray[np.int32]
    colour: npt.NDArray[np.bool_]
    paths: tuple[str, ...]

    def rows(self, split: Split) -> npt.NDArray[np.intp]:
        """Positions of the faces of ``split``."""
        codes = [code for code, part in enumerate(Split) if split.holds(part)]
        return np.flatnonzero(np.isin(self.partitions, codes))

    def splits(self) -> tuple[Split, ...]:
        """The splits that have faces, in declaration order."""
        return tuple(split for split in Split if len(self.rows(split)))

    def resized(self) -> npt.NDArray[np.bool_]:
        """Which faces are not 48×48 in the source: bool (N,)."""
        return np.asarray(np.any(self.sizes != FACE_SIZE, axis=1))

    def select(self, split: Split, source_sha256: str) -> FaceSet:
        """The faces of one split."""
        rows = self.rows(split)
        return FaceSet(
            images=self.images[rows],
            labels=self.labels[rows].astype(np.int64),
            paths=tuple(self.paths[row] for row in rows),
            source_sha256=source_sha256,
            split=split,
        )
