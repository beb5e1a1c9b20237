"""The seven classes of FER-2013, in the one order used everywhere."""

from __future__ import annotations

from enum import Enum

FACE_SIZE = 48
"""Side of the square grayscale face every model takes, in pixels."""


class Emotion(str, Enum):
    """A facial emotion; declaration order is the model's output order.

    Alphabetical, which is the order torchvision's ``ImageFolder`` gives to FER-2013's folders.
    """

    ANGRY = "angry"
    DISGUST = "disgust"
    FEAR = "fear"
    HAPPY = "happy"
    NEUTRAL = "neutral"
    SAD = "sad"
    SURPRISE = "surprise"

    @property
    def position(self) -> int:
        """Place of this class in a row of logits (0 to 6)."""
        return list(Emotion).index(self)


LABELS: tuple[str, ...] = tuple(emotion.value for emotion in Emotion)
"""Class names in output order."""
