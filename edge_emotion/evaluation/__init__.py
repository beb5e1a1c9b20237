"""How good a model's answers are: accuracy, calibration, and the comparison of two models.

What needs OpenCV or matplotlib is a module of its own and not part of this door, because every
classifier opens it for ``softmax``: ``robustness``, ``corruptions`` and ``pictures``.
"""

from __future__ import annotations

from edge_emotion.evaluation.answers import Labels, Mask, predict_logits
from edge_emotion.evaluation.calibration import (
    CrossFit,
    calibration_error,
    cross_fit,
    fit_temperature,
    softmax,
)
from edge_emotion.evaluation.examination import Examination, Truth, examine
from edge_emotion.evaluation.metrics import (
    ClassMetrics,
    Metrics,
    Score,
    evaluate,
    wilson_interval,
)
from edge_emotion.evaluation.significance import Classes, Contrast, mcnemar_exact
from edge_emotion.evaluation.votes import VoteMetrics

__all__ = [
    "ClassMetrics",
    "Classes",
    "Contrast",
    "CrossFit",
    "Examination",
    "Labels",
    "Mask",
    "Metrics",
    "Score",
    "Truth",
    "VoteMetrics",
    "calibration_error",
    "cross_fit",
    "evaluate",
    "examine",
    "fit_temperature",
    "mcnemar_exact",
    "predict_logits",
    "softmax",
    "wilson_interval",
]
