"""Pair the rows and columns of a cost matrix: the assignment problem.

The Hungarian method by shortest augmenting paths, with potentials: Jonker, Volgenant, "A Shortest
Augmenting Path Algorithm for Dense and Sparse Linear Assignment Problems", Computing 38, 1987.
SciPy has it, but its wheel is 35 MB and a device needs nothing else of it; the trackers that would
bring it (norfair, supervision, trackers) need more, and boxmot is under the AGPL.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Costs = npt.NDArray[np.float64]


def cheapest_pairs(costs: Costs, most: float) -> list[tuple[int, int]]:
    """Pairs of a row and a column, each used at most once, of the least total cost.

    Args:
        costs: float64, (rows, columns), at least 0; infinity forbids a pair.
        most: what leaving a row alone costs: no pair costs more.

    Returns:
        (row, column), by rows.
    """
    rows, columns = costs.shape
    # One more column a row, of its own: the row stays alone. Forbidden pairs cost more than that.
    padded = np.full((rows, columns + rows), 2 * most + 1)
    padded[:, :columns] = np.where(costs <= most, costs, 2 * most + 1)
    padded[np.arange(rows), columns + np.arange(rows)] = most
    taken = np.full(columns + rows, -1)
    """Row of each column."""
    of_rows, of_columns = np.zeros(rows), np.zeros(columns + rows)
    for row in range(rows):
        _augment(row, padded, taken, of_rows, of_columns)
    pairs = [(int(taken[column]), column) for column in range(columns) if taken[column] >= 0]
    return sorted(pair for pair in pairs if costs[pair] <= most)


def _augment(
    start: int,
    costs: Costs,
    taken: npt.NDArray[np.intp],
    of_rows: Costs,
    of_columns: Costs,
) -> None:
    """Give one more row a column, moving other rows along the shortest augmenting path."""
    count = len(taken)
    distances = np.full(count, np.inf)
    came_from = np.full(count, -1)
    done = np.zeros(count, bool)
    row, column, reached = start, -1, 0.0
    while True:
        ahead = reached + costs[row] - of_rows[row] - of_columns
        nearer = ~done & (ahead < distances)
        distances[nearer] = ahead[nearer]
        came_from[nearer] = column
        column = int(np.argmin(np.where(done, np.inf, distances)))
        reached = float(distances[column])
        if taken[column] < 0:
            break
        done[column] = True
        row = int(taken[column])
    passed = np.flatnonzero(done)
    of_rows[start] += reached
    of_rows[taken[passed]] += reached - distances[passed]
    of_columns[passed] -= reached - distances[passed]
    while column >= 0:
        before = int(came_from[column])
        taken[column] = start if before < 0 else taken[before]
        column = before
