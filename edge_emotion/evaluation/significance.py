"""Whether two models that were asked about the same images really differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_emotion.backends import Logits
from edge_emotion.evaluation.answers import Labels

Classes = npt.NDArray[np.integer]
"""Classes of images, as positions in ``Emotion`` or any other code that both sides share."""


@dataclass(frozen=True)
class Contrast:
    """One model against another on the same images.

    Args:
        agreement: share of the images on which both give the same answer, right or wrong.
        both_right: images.
        only_this: images that the first model alone has right.
        only_other: images that the second model alone has right.
        both_wrong: images.
        accuracy_difference: the first model's accuracy minus the second's.
        mcnemar_p: how likely models of equal accuracy differ by as much or more.
    """

    agreement: float
    both_right: int
    only_this: int
    only_other: int
    both_wrong: int
    accuracy_difference: float
    mcnemar_p: float

    @classmethod
    def of(cls, this: Logits, other: Logits, labels: Labels) -> Contrast:
        """Compare two sets of logits (N, 7), N at least 1, against labels (N,)."""
        return cls.between(this.argmax(axis=1), other.argmax(axis=1), labels)

    @classmethod
    def between(cls, answers: Classes, others: Classes, labels: Classes) -> Contrast:
        """Compare two models' answers, each (N,) with N at least 1, against labels (N,)."""
        right, other_right = answers == labels, others == labels
        only_this = int(np.count_nonzero(right & ~other_right))
        only_other = int(np.count_nonzero(other_right & ~right))
        return cls(
            agreement=float(np.mean(answers == others)),
            both_right=int(np.count_nonzero(right & other_right)),
            only_this=only_this,
            only_other=only_other,
            both_wrong=int(np.count_nonzero(~right & ~other_right)),
            accuracy_difference=(only_this - only_other) / len(labels),
            mcnemar_p=mcnemar_exact(only_this, only_other),
        )


def mcnemar_exact(only_this: int, only_other: int) -> float:
    """Two-sided p-value of the exact McNemar test.

    Were the models equally accurate, each image that only one of them has right would go to either
    as a coin falls; the p-value is the probability of a split at least as uneven, both ways. In
    whole numbers, so there is no rounding. Q. McNemar, "Note on the sampling error of the
    difference between correlated proportions or percentages", Psychometrika 12 (1947), 153-157.
    """
    trials, fewer = only_this + only_other, min(only_this, only_other)
    ways = total = 1
    for successes in range(fewer):
        ways = ways * (trials - successes) // (successes + 1)
        total += ways
    return min(1.0, 2 * total / (1 << trials))
