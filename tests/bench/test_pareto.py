from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from edge_emotion.bench.labels import place
from edge_emotion.bench.pareto import frontier

POINTS = st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20)), max_size=12)


@given(POINTS)
def test_the_frontier_is_what_nothing_beats(points: list[tuple[int, int]]) -> None:
    kept = frontier(points)
    for position, (latency, accuracy) in enumerate(points):
        beaten = any(
            other[0] <= latency and other[1] >= accuracy and other != (latency, accuracy)
            for other in points
        )
        assert ((latency, accuracy) in {points[i] for i in kept}) == (not beaten)
        assert kept.count(position) <= 1
    assert [points[i] for i in kept] == sorted({points[i] for i in kept})


def test_labels_of_close_points_do_not_cover_each_other() -> None:
    labels = place([(300, 200), (302, 201), (304, 199)], ["one model"] * 3, (0, 0, 700, 400))
    heights = sorted((label.y, label.align) for label in labels if label is not None)
    assert len(heights) == len(set(heights)) == 3


@given(
    st.lists(st.tuples(st.integers(0, 700), st.integers(0, 400)), max_size=10),
    st.sampled_from(["short", "a rather long name", "two\nlines"]),
)
def test_a_label_covers_neither_a_label_nor_a_point(at: list[tuple[int, int]], text: str) -> None:
    labels = [label for label in place(at, [text] * len(at), (0, 0, 700, 400)) if label]
    width, height = 6 * max(map(len, text.split("\n"))), 12 * len(text.split("\n"))
    boxes = [
        (label.x - {"left": 0, "center": width / 2, "right": width}[label.align], label.y)
        for label in labels
    ]
    for (left, middle), (other_left, other_middle) in itertools.combinations(boxes, 2):
        assert abs(left - other_left) >= width or abs(middle - other_middle) >= height
    for left, middle in boxes:
        assert not any(left < x < left + width and abs(y - middle) < height / 2 for x, y in at)


def test_a_label_stays_near_its_point_rather_than_clear_of_every_line() -> None:
    whiskers = [(75.0, 150.0, 75.0, 250.0), (125.0, 150.0, 125.0, 250.0)]
    (label,) = place([(100, 200)], ["a long name"], (0, 0, 700, 400), whiskers)
    assert label is not None
    assert label.y == 200


def test_a_label_without_room_is_left_out() -> None:
    assert place([(20, 20)], ["a name far too long"], (0, 0, 40, 40)) == [None]
