from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_emotion.bench.contest import Competitor, Entry, PrecisionChoice, choose
from edge_emotion.bench.frozen import RowPrecision
from edge_emotion.bench.ratio import time_ratio

ROUNDS = 10
DURATIONS = st.lists(st.integers(1, 10**9), min_size=ROUNDS, max_size=ROUNDS)


def noisy(median_us: float, seed: int, spread: float = 0.02) -> list[list[int]]:
    """Rounds whose medians scatter around ``median_us`` microseconds."""
    factors = np.random.default_rng(seed).normal(1, spread, ROUNDS)
    return [[round(1000 * median_us * factor)] for factor in factors]


def competitor(
    precision: RowPrecision, rounds: list[list[int]], accuracy: float | None = None
) -> Competitor:
    return Competitor(Entry(model="m", precision=precision, accuracy=accuracy), rounds)


def held(*competitors: Competitor) -> PrecisionChoice:
    return choose("net", ("openvino", 1, 1), competitors)


def test_a_clear_difference_is_believed_and_noise_is_not() -> None:
    assert time_ratio(noisy(150, 1), noisy(100, 2)).believable
    assert time_ratio(noisy(100, 1), noisy(150, 2)).believable
    assert not time_ratio(noisy(100, 1), noisy(100, 2)).believable


def test_a_slow_moment_that_hits_both_rows_changes_nothing() -> None:
    calm, disturbed = noisy(100, 1), noisy(100, 1)
    other = noisy(200, 2)
    disturbed[3] = [5 * disturbed[3][0]]
    slowed = [*other[:3], [5 * other[3][0]], *other[4:]]
    assert time_ratio(slowed, disturbed) == time_ratio(other, calm)


def test_a_moment_that_hits_one_row_alone_does_not_decide() -> None:
    disturbed = noisy(100, 1)
    disturbed[0] = [50 * disturbed[0][0]]
    low, high = time_ratio(disturbed, noisy(100, 2)).ci95
    assert 0.9 < low < 1 < high < 1.1


@given(DURATIONS, DURATIONS)
def test_the_interval_holds_the_value_and_turns_around_with_the_question(
    one: list[int], other: list[int]
) -> None:
    rounds, others = [[each] for each in one], [[each] for each in other]
    ratio, turned = time_ratio(rounds, others), time_ratio(others, rounds)
    low, high = ratio.ci95
    assert low <= ratio.value <= high
    assert turned.ci95[0] * high < 1 + 1e-9
    assert turned.ci95[1] * low > 1 - 1e-9
    assert ratio.believable == turned.believable


def test_the_interval_of_ten_rounds_is_from_the_second_to_the_ninth() -> None:
    ratio = time_ratio([[n] for n in range(1, 11)], [[1]] * 10)
    assert (ratio.value, ratio.ci95) == (5.5, (2, 9))


def test_the_fastest_ships_and_every_rival_is_compared_with_it() -> None:
    choice = held(
        competitor("fp32", noisy(300, 1), 0.70),
        competitor("bf16", noisy(200, 2), 0.70),
        competitor("int8", noisy(100, 3), 0.699),
    )
    assert (choice.ship.precision, choice.int8) == ("int8", "ships")
    ratios = {rival.precision: rival.time_ratio for rival in choice.rivals}
    assert 2.8 < ratios["fp32"].value < 3.2
    assert ratios["bf16"].believable


def test_int8_that_loses_to_bf16_does_not_ship() -> None:
    choice = held(
        competitor("fp32", noisy(300, 1)),
        competitor("bf16", noisy(200, 2)),
        competitor("int8", noisy(250, 3)),
    )
    assert (choice.ship.precision, choice.int8) == ("bf16", "slower")


def test_precision_is_not_given_up_for_a_difference_that_cannot_be_told() -> None:
    choice = held(competitor("int8", noisy(99.9, 1)), competitor("fp32", noisy(100, 2)))
    assert (choice.ship.precision, choice.int8) == ("fp32", "no faster")


def test_accuracy_is_not_given_up_for_speed() -> None:
    choice = held(competitor("fp32", noisy(300, 1), 0.70), competitor("int8", noisy(100, 2), 0.69))
    assert (choice.ship.precision, choice.int8) == ("fp32", "less accurate")


def test_a_contest_without_int8_says_so() -> None:
    choice = held(competitor("fp32", noisy(300, 1)), competitor("bf16", noisy(100, 2)))
    assert (choice.ship.precision, choice.int8) == ("bf16", "not measured")
