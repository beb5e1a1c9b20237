"""What to say of one face, from what was read of it frame by frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge_emotion.camera.base import Reason
from edge_emotion.emotions import Emotion

_LEAST_SECONDS = 0.001
"""Two frames of one instant count as so far apart."""

_EMOTIONS = tuple(Emotion)


@dataclass(frozen=True)
class Rules:
    """How readings become a label.

    These values are a compromise between flicker and delay: ``benchmarks/decision.py`` measures
    both on drifting, noisy views of FER-2013's PublicTest, one rule at a time, and keeps what it
    found in ``benchmarks/results/decision.json``.

    Args:
        smoothing: time constant of the exponential smoothing, in seconds; 0 is none.
        uncertain: no emotion is named that is less probable than this.
        margin: an emotion that is named stays until another is more probable by this, or until it
            is less probable than ``uncertain`` by this.
        hold: seconds for which that, or a reason not to judge, must last before the label changes.
    """

    smoothing: float = 0.25
    uncertain: float = 0.4
    margin: float = 0.2
    hold: float = 0.4

    @classmethod
    def steadied(cls, smoothing: float, uncertain: float) -> Rules:
        """For a time constant; of 0, every frame is judged alone."""
        if smoothing == 0:
            return cls(0, uncertain, 0, 0)
        return cls(smoothing, uncertain)


STEADY = Rules()
"""What the loop does unless told otherwise."""


class Label(NamedTuple):
    """What is said of a face: an emotion, or why there is none."""

    emotion: Emotion | None
    reason: Reason | None


@dataclass(frozen=True)
class Verdict:
    """A label with its figures.

    Args:
        label: what is said.
        probability: smoothed, of the label's emotion; without one, of the likeliest.
        probabilities: smoothed, of all seven; they sum to 1, and are all alike as long as the face
            could not be judged at all.
    """

    label: Label
    probability: float
    probabilities: dict[Emotion, float]


class Decision:
    """Decides on one face. Times are of any clock; frames may come at any rate."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._belief = np.full(len(_EMOTIONS), 1 / len(_EMOTIONS))
        self._weight = 0.0
        """Share of the views so far in an average that began long ago."""
        self._judged_at: float | None = None
        self._shown: Label | None = None
        self._wanted: Label | None = None
        self._wanted_since = 0.0

    def judge(self, probabilities: npt.NDArray[np.floating], now: float) -> Verdict:
        """Decide with one more view of the face.

        Args:
            probabilities: (7,), in the order of ``Emotion``.
            now: when it was seen, in seconds.
        """
        self._learn(np.asarray(probabilities, np.float64), now)
        return self._verdict(self._likeliest(), now)

    def withhold(self, reason: Reason, now: float) -> Verdict:
        """Decide on a view that cannot be judged, for a reason."""
        return self._verdict(Label(None, reason), now)

    def _learn(self, row: npt.NDArray[np.float64], now: float) -> None:
        if self._judged_at is None:
            self._belief, self._judged_at = row, now
            return
        passed = max(now - self._judged_at, _LEAST_SECONDS)
        self._judged_at = now
        news = 1 - math.exp(-passed / self._rules.smoothing) if self._rules.smoothing > 0 else 1.0
        # As in Adam (Kingma, Ba, 2015): without it, the first view would outweigh those after it.
        before = (self._weight or news) * (1 - news)
        self._weight = before + news
        self._belief = self._belief + news / self._weight * (row - self._belief)

    def _likeliest(self) -> Label:
        """The label for what is believed now; the one that is shown, if that is as good."""
        best = int(self._belief.argmax())
        if self._shown is not None and self._shown.emotion is not None:
            own = self._belief[self._shown.emotion.position]
            led = self._belief[best] - own >= self._rules.margin and self._belief[best] > own
            if not led and own >= self._rules.uncertain - self._rules.margin:
                return self._shown
        if self._belief[best] < self._rules.uncertain:
            return Label(None, "uncertain")
        return Label(_EMOTIONS[best], None)

    def _verdict(self, label: Label, now: float) -> Verdict:
        if label != self._wanted:
            self._wanted, self._wanted_since = label, now
        if self._shown is None or now - self._wanted_since >= self._rules.hold:
            self._shown = label
        values = dict(zip(_EMOTIONS, self._belief.tolist(), strict=True))
        emotion = self._shown.emotion
        probability = max(values.values()) if emotion is None else values[emotion]
        return Verdict(self._shown, probability, values)
