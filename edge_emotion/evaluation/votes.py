"""How a model's answers compare with people's votes (FER+)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge_emotion.backends import Logits
from edge_emotion.data.ferplus import CHOICES, EMOTIONS, NO_MAJORITY, Votes
from edge_emotion.emotions import LABELS
from edge_emotion.evaluation.answers import Labels
from edge_emotion.evaluation.metrics import Score


@dataclass(frozen=True)
class VoteMetrics:
    """What a model achieves against people's votes (FER+), beside ``Metrics`` on the majorities.

    Args:
        left_out: images not judged, by reason: "contempt" won, which no model here answers; "no
            majority"; "unknown" or "not_a_face" won; "no_votes".
        eight_class: accuracy where contempt is a class too, and always answered wrongly.
        vote_share: mean share of the eight emotions' votes that the model's answer got, on the
            images of ``eight_class``.
        label_agreement: share of the judged images whose own label is the majority's.
    """

    left_out: dict[str, int]
    eight_class: Score | None
    vote_share: float
    label_agreement: float


def compare_with_votes(logits: Logits, votes: Votes, labels: Labels) -> VoteMetrics:
    """Compare answers with votes.

    Args:
        logits: (N, 7).
        votes: on the same images.
        labels: (N,), positions in ``Emotion``, as the dataset gives them.
    """
    majority, answers = votes.majority(), logits.argmax(axis=1)
    judged = (majority >= 0) & (majority < len(LABELS))
    emotional = (majority >= 0) & (majority < EMOTIONS)
    shares = votes.shares(EMOTIONS)[np.arange(len(answers)), answers]
    without = votes.missing()
    reasons = {choice: majority == CHOICES.index(choice) for choice in CHOICES[len(LABELS) :]}
    reasons |= {"no_majority": (majority == NO_MAJORITY) & ~without, "no_votes": without}
    return VoteMetrics(
        left_out={reason: int(np.count_nonzero(images)) for reason, images in reasons.items()},
        eight_class=Score.of((answers == majority)[emotional]),
        vote_share=float(shares[emotional].mean()),
        label_agreement=float((majority == labels)[judged].mean()),
    )
