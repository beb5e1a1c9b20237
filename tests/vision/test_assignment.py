"""Pairs are the cheapest there are."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_emotion.vision.assignment import cheapest_pairs

MOST = 1.0


@st.composite
def matrices(draw: st.DrawFn) -> np.ndarray:
    rows, columns = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    value = st.one_of(st.floats(0, 2), st.just(math.inf))
    values = draw(st.lists(value, min_size=rows * columns, max_size=rows * columns))
    return np.array(values, np.float64).reshape(rows, columns)


def total(costs: np.ndarray, columns: list[int | None]) -> float:
    return sum(MOST if c is None else float(costs[row, c]) for row, c in enumerate(columns))


@given(matrices())
def test_no_other_pairs_cost_less(costs: np.ndarray) -> None:
    pairs = dict(cheapest_pairs(costs, MOST))
    assert len(set(pairs.values())) == len(pairs)
    assert all(costs[pair] <= MOST for pair in pairs.items())
    ours = total(costs, [pairs.get(row) for row in range(len(costs))])
    choices = [None, *range(costs.shape[1])]
    for columns in product(choices, repeat=len(costs)):
        used = [column for column in columns if column is not None]
        if len(set(used)) == len(used):
            assert ours <= total(costs, list(columns)) + 1e-9


def test_a_row_gives_way_where_that_saves_the_other() -> None:
    assert cheapest_pairs(np.array([[0.1, 0.2], [0.15, math.inf]]), MOST) == [(0, 1), (1, 0)]
