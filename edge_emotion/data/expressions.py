"""How brows, eyes and mouth stand in each of the seven expressions.

What moves follows the action units of Ekman and Friesen's Facial Action Coding System (1978):
anger lowers and draws the brows together and presses the lips; disgust wrinkles the nose and
raises the upper lip; fear raises and slants the brows and stretches the mouth; happiness lifts the
mouth's corners and narrows the eyes; sadness lifts the inner brows and lowers corners and lids;
surprise raises the brows, widens the eyes and drops the jaw.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

from edge_emotion.emotions import Emotion


@dataclass(frozen=True)
class Expression:
    """Positions in face units: 1 is the distance from the middle of the face to the chin.

    Attributes:
        brow_inner: lift of the brows' inner ends.
        brow_outer: lift of the brows' outer ends.
        brow_gap: half the distance between the inner ends.
        eye_open: half the height of an eye.
        mouth_width: half the width of the mouth.
        mouth_open: height of the gap between the lips.
        corners: lift of the mouth's corners.
        sneer: lift of the upper lip, with wrinkles beside the nose.
        teeth: share of the gap that shows teeth.
    """

    brow_inner: float
    brow_outer: float
    brow_gap: float
    eye_open: float
    mouth_width: float
    mouth_open: float
    corners: float
    sneer: float
    teeth: float


EXPRESSIONS: dict[Emotion, Expression] = {
    Emotion.ANGRY: Expression(-0.15, 0.06, 0.10, 0.07, 0.26, 0.00, -0.06, 0.00, 0.0),
    Emotion.DISGUST: Expression(-0.09, -0.04, 0.13, 0.045, 0.27, 0.10, -0.10, 0.16, 0.9),
    Emotion.FEAR: Expression(0.15, 0.00, 0.13, 0.13, 0.34, 0.15, -0.05, 0.00, 0.5),
    Emotion.HAPPY: Expression(0.02, 0.02, 0.18, 0.06, 0.40, 0.16, 0.17, 0.00, 0.8),
    Emotion.NEUTRAL: Expression(0.00, 0.00, 0.18, 0.085, 0.28, 0.00, 0.00, 0.00, 0.0),
    Emotion.SAD: Expression(0.13, -0.09, 0.16, 0.05, 0.25, 0.00, -0.14, 0.00, 0.0),
    Emotion.SURPRISE: Expression(0.17, 0.15, 0.20, 0.14, 0.19, 0.38, 0.00, 0.00, 0.15),
}


def vary(emotion: Emotion, random: np.random.Generator) -> Expression:
    """One person's version of an expression: stronger or weaker, every part a little off."""
    neutral = np.array(astuple(EXPRESSIONS[Emotion.NEUTRAL]))
    full = np.array(astuple(EXPRESSIONS[emotion]))
    shown = neutral + random.uniform(0.75, 1.15) * (full - neutral)
    spread = np.array([0.015, 0.015, 0.015, 0.01, 0.025, 0.012, 0.015, 0.01, 0.1])
    return Expression(*(shown + random.normal(0.0, 1.0, len(spread)) * spread).tolist())
