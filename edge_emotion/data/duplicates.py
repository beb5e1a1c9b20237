"""Which faces of a dataset are the same picture: identical, or a few grey levels apart.

Two pictures are near when the root mean square of their pixel differences is at most ``NEAR_RMS``:
what another JPEG compression of one picture does to it. No pair is missed. Averaging blocks of
pixels can only bring two pictures closer (Jensen's inequality), and so can averaging all of them,
so pairs whose block means are further apart than the limit need no look at their pixels. That is
a perceptual hash's job of choosing candidates, without a hash's misses and in plain NumPy, which
a device that only evaluates has as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_emotion.emotions import FACE_SIZE

NEAR_RMS = 3.0
"""Largest root mean square difference of near faces, in grey levels of 255."""

BLANK_DEVIATION = 5.0
"""A face whose pixels' standard deviation is below this shows nothing, in grey levels of 255."""

_BLOCK = 6
"""Side of the blocks that are averaged, in pixels: 64 of them in a face."""

_ROWS = 128
"""Pictures compared with all candidates at once; bounds memory."""

_PIXEL_BATCH = 4096
"""Pictures or pairs whose pixels are widened at once; bounds memory."""

_SLACK = 0.5
"""Allowance for float32 rounding when block means are compared, in squared grey levels."""

Images = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Likeness:
    """How the faces of one array repeat each other.

    Attributes:
        pictures: (N,), number of each face's picture; identical faces have the same.
        pairs: (P, 2), numbers of different pictures that are near, each pair once.
    """

    pictures: Numbers
    pairs: Numbers

    @classmethod
    def of(cls, images: Images) -> Likeness:
        """Compare all with all: uint8 (N, 48, 48)."""
        seen: dict[bytes, int] = {}
        pictures = [seen.setdefault(image.tobytes(), len(seen)) for image in images]
        numbers = np.array(pictures, np.intp)
        firsts = np.unique(numbers, return_index=True)[1]
        return cls(numbers, np.concatenate([np.empty((0, 2), np.intp), *_pairs(images[firsts])]))

    def within(self, faces: Mask) -> Likeness:
        """The same of some of the faces alone; bool (N,)."""
        shown = self._shown(faces)
        return Likeness(self.pictures[faces], self.pairs[shown[self.pairs].all(axis=1)])

    def groups(self) -> Numbers:
        """Number of each face's group, (N,): a face near any of a group belongs to it."""
        groups = np.arange(self._count())
        one, other = self.pairs.T
        while (groups[one] != groups[other]).any():
            lower = np.minimum(groups[one], groups[other])
            np.minimum.at(groups, groups[one], lower)
            np.minimum.at(groups, groups[other], lower)
            groups = groups[groups]
        return groups[self.pictures]

    def identical_to(self, others: Mask) -> Mask:
        """Which faces equal one of ``others`` pixel for pixel; bool (N,), as ``others``."""
        return self._shown(others)[self.pictures]

    def near_to(self, others: Mask) -> Mask:
        """Which faces are near one of ``others`` or equal one; bool (N,), as ``others``."""
        shown = self._shown(others)
        reached = shown.copy()
        for one, other in (self.pairs.T, self.pairs[:, ::-1].T):
            reached[one[shown[other]]] = True
        return reached[self.pictures]

    def _shown(self, faces: Mask) -> Mask:
        shown = np.zeros(self._count(), np.bool_)
        shown[self.pictures[faces]] = True
        return shown

    def _count(self) -> int:
        """One more than the largest number of a picture."""
        return int(max(self.pictures.max(initial=-1), self.pairs.max(initial=-1))) + 1


def have_near(images: Images, others: Images) -> Mask:
    """Which of ``images`` are near one of ``others`` or equal one.

    Args:
        images: uint8 (N, 48, 48).
        others: uint8 (M, 48, 48).

    Returns:
        bool (N,).
    """
    is_other = np.arange(len(images) + len(others)) >= len(images)
    return Likeness.of(np.concatenate([images, others])).near_to(is_other)[: len(images)]


def are_blank(images: Images) -> Mask:
    """Which of uint8 (N, 48, 48) are of one grey, or nearly: bool (N,)."""
    starts = range(0, len(images), _PIXEL_BATCH)
    parts = [images[start : start + _PIXEL_BATCH].std(axis=(1, 2)) for start in starts]
    return np.concatenate([np.empty(0), *parts]) < BLANK_DEVIATION


def _pairs(images: Images) -> Iterator[Numbers]:
    """Positions (P, 2) of near pictures, in portions."""
    means = _block_means(images)
    order = np.argsort(means.mean(axis=1), kind="stable")
    means = means[order]
    brightness = means.mean(axis=1)
    # Past this position a picture is brighter than its partner by more than the limit.
    ends = np.searchsorted(brightness, brightness + NEAR_RMS + _SLACK, side="right")
    norms = np.einsum("nd,nd->n", means, means)
    limit = means.shape[1] * (NEAR_RMS**2 + _SLACK)
    for start in range(0, len(images), _ROWS):
        rows = slice(start, min(start + _ROWS, len(images)))
        reach = slice(start, int(ends[rows.stop - 1]))
        distances = norms[rows, None] + norms[None, reach] - 2 * (means[rows] @ means[reach].T)
        first, second = np.nonzero(distances <= limit)
        candidates = order[start + np.stack([first, second], axis=1)[first < second]]
        for part in range(0, len(candidates), _PIXEL_BATCH):
            batch = candidates[part : part + _PIXEL_BATCH]
            yield batch[_are_near(images[batch[:, 0]], images[batch[:, 1]])]


def _block_means(images: Images) -> npt.NDArray[np.float32]:
    """Mean of each block around mid-grey, which keeps the rounding of products small: (N, 64)."""
    side = FACE_SIZE // _BLOCK
    blocks = images.reshape(len(images), side, _BLOCK, side, _BLOCK)
    means = blocks.mean(axis=(2, 4), dtype=np.float32) - 128
    return np.asarray(means.reshape(len(images), side * side), np.float32)


def _are_near(images: Images, others: Images) -> Mask:
    """Pair by pair, in whole numbers: bool (P,)."""
    differences = (images.astype(np.int32) - others).reshape(len(images), -1)
    squares = np.einsum("np,np->n", differences, differences)
    return np.asarray(squares <= NEAR_RMS**2 * FACE_SIZE**2)
