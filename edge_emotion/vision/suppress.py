"""Keep the surest of boxes that mean the same face."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Boxes = npt.NDArray[np.float32]
"""float32, (N, 4): left, top, width, height."""


def kept(boxes: Boxes, most_overlap: float) -> list[int]:
    """Greedy non-maximum suppression.

    Args:
        boxes: the surest first.
        most_overlap: a box whose intersection over union with a surer one is more than this is
            dropped.

    Returns:
        Indices of the boxes that stay, in their order.
    """
    return _surest(overlaps(boxes, boxes) > most_overlap)


def kept_apart(boxes: Boxes) -> list[int]:
    """Suppression of boxes that lie in one another, however different their sizes.

    Args:
        boxes: the surest first; one that holds the centre of a surer one, or has its own centre in
            it, is dropped.

    Returns:
        Indices of the boxes that stay, in their order.
    """
    half = boxes[:, 2:] / 2
    centres = boxes[:, :2] + half
    from_edge = np.abs(centres[:, None] - centres[None]) - half[:, None]
    holds = from_edge.max(axis=2) < 0
    return _surest(holds | holds.T)


def overlaps(some: Boxes, others: Boxes) -> npt.NDArray[np.float32]:
    """Intersection over union of each pair: float32, (len(some), len(others)), 0 to 1."""
    ends, other_ends = some[:, :2] + some[:, 2:], others[:, :2] + others[:, 2:]
    starts = np.maximum(some[:, None, :2], others[None, :, :2])
    sides = np.maximum(np.minimum(ends[:, None], other_ends[None]) - starts, 0)
    shared = sides.prod(axis=2)
    areas = some[:, 2:].prod(axis=1)[:, None] + others[:, 2:].prod(axis=1)[None] - shared
    return np.asarray(shared / np.maximum(areas, np.finfo(np.float32).tiny), np.float32)


def _surest(clash: npt.NDArray[np.bool_]) -> list[int]:
    """Those that clash with none before them that stays."""
    alive = np.ones(len(clash), bool)
    stay = []
    for index in range(len(clash)):
        if alive[index]:
            stay.append(index)
            alive &= ~clash[index]
    return stay
