"""Labels that do not flicker, at any frame rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_emotion.camera.decision import STEADY, Decision, Label, Rules
from edge_emotion.cli.camera import command
from edge_emotion.emotions import Emotion

HAPPY, SAD = Emotion.HAPPY, Emotion.SAD
RULES = Rules(smoothing=0.5, uncertain=0.4, margin=0.2, hold=0.3)


def row(emotion: Emotion, probability: float = 0.9) -> np.ndarray:
    values = np.full(7, (1 - probability) / 6)
    values[emotion.position] = probability
    return values


def steady(decision: Decision, emotion: Emotion, start: float, seconds: float, rate: float) -> None:
    for number in range(round(seconds * rate)):
        decision.judge(row(emotion), start + number / rate)


def test_the_first_view_is_named_at_once() -> None:
    verdict = Decision(RULES).judge(row(HAPPY), 7.0)
    assert verdict.label == Label(HAPPY, None)
    assert verdict.probability == pytest.approx(0.9)


@pytest.mark.parametrize("rate", [5, 12.5, 25, 60, 240])
def test_smoothing_has_the_same_time_constant_at_every_frame_rate(rate: float) -> None:
    decision = Decision(RULES)
    steady(decision, SAD, 0, 10, rate)
    for number in range(round(0.5 * rate)):
        verdict = decision.judge(row(HAPPY), 10 + number / rate)
    passed = round(0.5 * rate) / rate
    expected = 0.9 + (0.1 / 6 - 0.9) * np.exp(-passed / 0.5)
    assert verdict.probabilities[HAPPY] == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize("rate", [10, 25, 60])
def test_a_real_change_is_shown_after_smoothing_and_hold(rate: float) -> None:
    decision = Decision(RULES)
    steady(decision, SAD, 0, 10, rate)
    at = 10.0
    while decision.judge(row(HAPPY), at).label.emotion is not HAPPY:
        at += 1 / rate
    lead = RULES.smoothing * np.log(2 / (1 - 0.2 / (0.9 - 0.1 / 6)))  # from -0.88 to +0.2
    assert at - 10 == pytest.approx(lead + RULES.hold, abs=0.01 + 2 / rate)


def test_one_odd_frame_changes_nothing() -> None:
    decision = Decision(RULES)
    steady(decision, HAPPY, 0, 4, 25)
    assert decision.judge(row(SAD, 1.0), 4.0).label.emotion is HAPPY
    assert decision.withhold("too blurred", 4.04).label.emotion is HAPPY


def test_two_emotions_that_take_turns_do_not_flicker() -> None:
    decision = Decision(RULES)
    labels = [
        decision.judge(row(HAPPY if number % 2 else SAD, 0.8), number / 25).label
        for number in range(500)
    ]
    assert len(set(labels)) == 1


def test_below_the_threshold_nothing_is_named_and_the_likeliest_is_told() -> None:
    verdict = Decision(RULES).judge(row(HAPPY, 0.39), 0)
    assert verdict.label == Label(None, "uncertain")
    assert verdict.probability == pytest.approx(0.39)


def test_a_named_emotion_outlives_a_dip_below_the_threshold() -> None:
    decision = Decision(RULES)
    steady(decision, HAPPY, 0, 2, 25)
    for number in range(100):
        verdict = decision.judge(row(HAPPY, 0.3), 2 + number / 25)
    assert verdict.label == Label(HAPPY, None)
    for number in range(100):
        verdict = decision.judge(row(HAPPY, 0.19), 6 + number / 25)
    assert verdict.label == Label(None, "uncertain")


def test_a_face_that_cannot_be_judged_says_why_once_that_lasts() -> None:
    decision = Decision(RULES)
    assert decision.withhold("too small", 0).label == Label(None, "too small")
    steady(decision, HAPPY, 0.1, 2, 25)
    verdict = decision.withhold("too turned", 2.1)
    assert verdict.label == Label(HAPPY, None)
    assert verdict.probability == pytest.approx(0.9)
    assert decision.withhold("too turned", 2.41).label == Label(None, "too turned")


def test_before_it_is_judged_a_face_is_anything() -> None:
    verdict = Decision(RULES).withhold("too small", 0)
    assert set(verdict.probabilities.values()) == {1 / 7}
    assert verdict.probability == 1 / 7


def test_without_smoothing_every_frame_is_judged_alone() -> None:
    decision = Decision(Rules.steadied(0, 0))
    for number, emotion in enumerate([HAPPY, SAD, HAPPY, Emotion.FEAR]):
        verdict = decision.judge(row(emotion, 0.3), number / 25)
        assert verdict.label == Label(emotion, None)
        assert verdict.probability == pytest.approx(0.3)
    assert decision.withhold("too blurred", 1).label == Label(None, "too blurred")


def test_the_command_line_has_the_defaults_of_the_rules() -> None:
    defaults = {option.name: option.default for option in command.params}
    assert Rules.steadied(defaults["smoothing"], defaults["uncertain"]) == STEADY


rows = st.lists(st.floats(0.001, 1), min_size=7, max_size=7).map(
    lambda values: np.array(values) / sum(values)
)
rules = st.builds(Rules, st.floats(0, 3), st.floats(0, 1), st.floats(0, 0.5), st.floats(0, 1))


@given(rules, st.lists(st.tuples(rows | st.just("too blurred"), st.floats(0, 2)), min_size=1))
def test_probabilities_sum_to_one_and_a_label_is_an_emotion_or_a_reason(
    rules: Rules, views: list[tuple[np.ndarray | str, float]]
) -> None:
    decision, now = Decision(rules), 0.0
    for view, passed in views:
        now += passed
        if isinstance(view, str):
            verdict = decision.withhold("too blurred", now)
        else:
            verdict = decision.judge(view, now)
        assert sum(verdict.probabilities.values()) == pytest.approx(1)
        assert all(0 <= value <= 1 + 1e-9 for value in verdict.probabilities.values())
        assert (verdict.label.emotion is None) != (verdict.label.reason is None)
        likeliest = max(verdict.probabilities.values())
        emotion = verdict.label.emotion
        assert verdict.probability == (verdict.probabilities[emotion] if emotion else likeliest)
