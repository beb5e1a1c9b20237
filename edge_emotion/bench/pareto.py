"""The choices that nothing else beats in both speed and accuracy."""

from __future__ import annotations

from collections.abc import Sequence


def frontier(points: Sequence[tuple[float, float]]) -> list[int]:
    """Positions of the points that no other point is at least as good as in both figures.

    Args:
        points: (latency, accuracy) pairs.

    Returns:
        From the fastest to the most accurate; of equal points the first.
    """
    kept: list[int] = []
    for position in sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1])):
        if not kept or points[position][1] > points[kept[-1]][1]:
            kept.append(position)
    return kept
