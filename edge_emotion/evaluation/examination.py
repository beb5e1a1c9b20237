"""Everything that a model's answers on one split tell."""

from __future__ import annotations

from dataclasses import dataclass

from edge_emotion.backends import Logits
from edge_emotion.data.ferplus import Votes
from edge_emotion.emotions import LABELS
from edge_emotion.evaluation.answers import Labels, Mask
from edge_emotion.evaluation.metrics import Metrics, Score, evaluate
from edge_emotion.evaluation.votes import VoteMetrics, compare_with_votes


@dataclass(frozen=True)
class Truth:
    """What answers are judged by.

    Args:
        labels: of the images that are judged, positions in ``Emotion``: as many as ``judged`` has.
        judged: bool (N,), the images that have a label for one of the seven classes.
    """

    labels: Labels
    judged: Mask

    @classmethod
    def of(cls, labels: Labels, votes: Votes | None) -> Truth:
        """The dataset's labels (N,), or the majority of the votes where there are votes."""
        truth = labels if votes is None else votes.majority()
        judged = (truth >= 0) & (truth < len(LABELS))
        return cls(truth[judged], judged)


@dataclass(frozen=True)
class Examination:
    """What ``evaluate`` reports of a model's answers.

    Args:
        metrics: on every image that has a truth to be judged by.
        leak_free: on those of them that are near no training image; None where no training images
            are known, or none of them is left.
        ferplus: more against people's votes, when those are the truth.
    """

    metrics: Metrics
    leak_free: Score | None
    ferplus: VoteMetrics | None


def examine(
    logits: Logits, labels: Labels, temperature: float, seen: Mask | None, votes: Votes | None
) -> Examination:
    """Compare answers with the labels, or with the majority of people's votes.

    Args:
        logits: (N, 7).
        labels: (N,), positions in ``Emotion``, as the dataset gives them.
        temperature: as ``evaluate`` takes it.
        seen: bool (N,), images near a training image; None where that is not to be told.
        votes: on the same images; the majority is the truth then.

    Raises:
        DataError: there are no images, or none with a majority for one of the seven classes.
    """
    truth = Truth.of(labels, votes)
    answered = logits[truth.judged]
    right = answered.argmax(axis=1) == truth.labels
    return Examination(
        metrics=evaluate(answered, truth.labels, temperature),
        leak_free=None if seen is None else Score.of(right[~seen[truth.judged]]),
        ferplus=None if votes is None else compare_with_votes(logits, votes, labels),
    )
