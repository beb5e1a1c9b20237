"""Whatever a detector says, a track is one face of one source and never comes back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_emotion.vision import FaceBox
from edge_emotion.vision.tracking import FaceTracker
from edge_emotion.vision.tracks import COAST_SECONDS

boxes = st.builds(
    FaceBox,
    x=st.integers(-20, 90),
    y=st.integers(-20, 60),
    width=st.integers(1, 80),
    height=st.integers(1, 80),
    score=st.floats(0.7, 1),
)
looks = st.tuples(
    st.lists(boxes, max_size=5),
    st.sampled_from([-0.5, 0.0, 0.04, 0.3, COAST_SECONDS, 3.0]),
    st.sampled_from([(64, 96, 3), (64, 96, 3), (64, 96, 3), (48, 64, 3)]),
)


@given(st.lists(looks, max_size=12), st.integers(0, 2**32 - 1))
def test_ids_are_counted_up_given_once_and_ended_once(
    shown: list[tuple[list[FaceBox], float, tuple[int, int, int]]], seed: int
) -> None:
    random = np.random.default_rng(seed)
    tracker, now = FaceTracker(1), 0.0
    alive: set[int] = set()
    ended: set[int] = set()
    highest = 0
    for found, passed, shape in shown:
        now += passed
        frame = random.integers(0, 256, shape, dtype=np.uint8)
        assert tracker.follow(frame, now) is None
        sighting = tracker.found(frame, found)
        assert sorted(sighting.faces.values(), key=repr) == sorted(found, key=repr)
        assert len(set(sighting.ended)) == len(sighting.ended)
        assert set(sighting.ended) <= alive
        ended |= set(sighting.ended)
        alive = (alive - ended) | set(sighting.faces)
        assert not set(sighting.faces) & ended
        new = {track for track in sighting.faces if track > highest}
        assert new == set(range(highest + 1, highest + 1 + len(new)))
        highest = max([highest, *new])
