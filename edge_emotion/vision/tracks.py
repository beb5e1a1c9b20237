"""Which face of this frame is which face of the frames before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from edge_emotion.vision.appearance import Appearance, appearance, blended
from edge_emotion.vision.assignment import Costs, cheapest_pairs
from edge_emotion.vision.base import FaceBox, Picture
from edge_emotion.vision.followed import Followed
from edge_emotion.vision.suppress import overlaps
from edge_emotion.vision.trajectory import Point, Trajectory

COAST_SECONDS = 1.0
"""A face that is not seen for this long has gone; one that comes later is a new one."""

_REACH = 1.0
"""Face sizes that a centre may be off its prediction whatever the filter believes: people turn."""
_DEVIATIONS = 5.0
"""Standard deviations that it may be off. ``python benchmarks/tracking.py --data archive.zip``,
where five faces at a time swing behind each other faster than people do, counts 7 lost identities
in 9 minutes of faces; with 3 deviations, a reach of 0.6 and half the weight of likeness, 27."""
_GROWTH = 1.8
"""Most that a face's size may differ from its prediction, as a ratio."""
_LIKENESS_WEIGHT = 2.0
"""What unlikeness costs, against distance: where faces cross, both are near."""
_LEAST_LIKENESS = 0.3
"""Correlation below which a face that was out of sight is another's."""
_MOST_COST = 1 + 2 * _LIKENESS_WEIGHT
"""Of a pair that is allowed: distance costs at most 1, likeness is at least -1."""


@dataclass(frozen=True, eq=False)
class Track:
    """One face through time.

    Args:
        id: counted from 1 in its source, never given twice.
        face: where it was last seen.
        trajectory: how it moves.
        looks: what it looks like.
        visible: whether it was seen in the frame in hand.
    """

    id: int
    face: Followed
    trajectory: Trajectory
    looks: Appearance
    visible: bool = True

    def followed(self, face: Followed, now: float) -> Track:
        """The track after its face was followed into a frame."""
        return replace(self, face=face, trajectory=self.trajectory.corrected(now, *_place(face)))

    def seen(self, box: FaceBox, looks: Appearance, now: float) -> Track:
        """The track after the detector found its face."""
        face = Followed.found(box)
        return Track(self.id, face, self.trajectory.corrected(now, *_place(face)), looks)


class Tracks:
    """The tracks of one source: the faces in sight, and those out of sight for a moment."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._alive: list[Track] = []
        self._ended: list[int] = []

    @property
    def visible(self) -> list[Track]:
        """The tracks seen in the frame in hand, by age."""
        return [track for track in self._alive if track.visible]

    def take_ended(self) -> tuple[int, ...]:
        """The tracks that ended since this was last asked."""
        ended, self._ended = tuple(self._ended), []
        return ended

    def end_all(self) -> None:
        """The source was interrupted: nothing that was known of it holds."""
        self._ended += [track.id for track in self._alive]
        self._alive = []

    def end_lost(self, now: float) -> None:
        """End the tracks that were out of sight for too long."""
        lost = {track.id for track in self._alive if now - track.trajectory.at >= COAST_SECONDS}
        self._ended += sorted(lost)
        self._alive = [track for track in self._alive if track.id not in lost]

    def follow(self, faces: Sequence[Followed], now: float) -> None:
        """Where the visible tracks' faces were followed to, in their order."""
        moved = {
            track.id: track.followed(face, now)
            for track, face in zip(self.visible, faces, strict=True)
        }
        self._alive = [moved.get(track.id, track) for track in self._alive]

    def see(self, frame: Picture, boxes: Sequence[FaceBox], now: float) -> bool:
        """What the detector found: tracks go on, begin, or are out of sight.

        Returns:
            Whether a track that was in sight is not any more.
        """
        views = [appearance(frame, box) for box in boxes]
        pairs = cheapest_pairs(self._costs(boxes, views, now), _MOST_COST)
        apart = _apart(boxes)
        before, after = self._alive, [replace(track, visible=False) for track in self._alive]
        for row, column in pairs:
            track = before[row]
            looks = blended(track.looks, views[column]) if apart[column] else track.looks
            after[row] = track.seen(boxes[column], looks, now)
        taken = {column for _, column in pairs}
        new = [column for column in range(len(boxes)) if column not in taken]
        self._alive = after + [self._begun(boxes[each], views[each], now) for each in new]
        return any(
            old.visible and not new_.visible for old, new_ in zip(before, after, strict=True)
        )

    def _begun(self, box: FaceBox, looks: Appearance, now: float) -> Track:
        face = Followed.found(box)
        return Track(next(self._ids), face, Trajectory.begun(now, *_place(face)), looks)

    def _costs(self, boxes: Sequence[FaceBox], views: Sequence[Appearance], now: float) -> Costs:
        costs = np.full((len(self._alive), len(boxes)), np.inf)
        places = [_place(Followed.found(box)) for box in boxes]
        for row, track in enumerate(self._alive):
            expected = track.trajectory.until(now)
            for column, (place, view) in enumerate(zip(places, views, strict=True)):
                likeness = float(track.looks @ view)
                if track.visible or likeness >= _LEAST_LIKENESS:
                    far = _distance(expected, *place)
                    costs[row, column] = far + _LIKENESS_WEIGHT * (1 - likeness)
        return costs


def _distance(expected: Trajectory, centre: Point, size: float) -> float:
    """How far a face is from where it was expected, 0 to 1; infinite beyond what is possible.

    Intersection over union would be 0 for every face that comes back after a moment out of sight,
    wherever it is; the filter knows how far it may have gone.
    """
    reach = max(_REACH, _DEVIATIONS * expected.deviation)
    away = float(np.hypot(*(centre - expected.centre))) / (expected.size * reach)
    growth = abs(math.log(size / expected.size)) / math.log(_GROWTH)
    farthest = max(away, growth)
    return farthest if farthest <= 1 else math.inf


def _place(face: Followed) -> tuple[Point, float]:
    return np.array(face.centre), face.size


def _apart(boxes: Sequence[FaceBox]) -> list[bool]:
    """Which boxes touch no other, so that each shows its own face alone."""
    if not boxes:
        return []
    rows = np.array([(box.x, box.y, box.width, box.height) for box in boxes], np.float32)
    touched: list[int] = (overlaps(rows, rows) > 0).sum(axis=1).tolist()
    return [number == 1 for number in touched]
