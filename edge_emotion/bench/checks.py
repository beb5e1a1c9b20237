"""Whether a timed run did the work that its accuracy was measured on, and did it well enough.

After two of MLPerf Inference's compliance tests (V. J. Reddi et al., "MLPerf Inference Benchmark",
ISCA 2020, section V; https://github.com/mlcommons/inference_policies): answers of the timed run are
sampled and must be those of the accuracy run (TEST01), and a repeated input must not be answered
faster than ever different ones (TEST04). ``GATE`` is the quality that most of its benchmarks ask of
a model that was made narrower. None of it makes this an MLPerf result.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

import numpy as np

from edge_emotion.backends import Faces, Logits, Session
from edge_emotion.bench.accuracy import BATCH
from edge_emotion.bench.frozen import Frozen
from edge_emotion.bench.ratio import Ratio, time_ratio
from edge_emotion.bench.timing import Lane
from edge_emotion.evaluation import predict_logits

GATE = 0.99
"""The least share of FP32's accuracy that a narrower model must keep."""
SUSPICIOUS = 0.9
"""A repeated input that takes less than this share of the time of different ones was cached."""
_TOLERANCE = 0.02
"""Of the largest logit: kernels for other batch sizes round otherwise."""
_ROUNDS = 5


class Checks(Frozen):
    """What was found of one row."""

    sampled: int
    """Answers of the timed run that were kept."""
    different: int
    """Those that are not the accuracy run's."""
    repeated_over_different: Ratio
    """Time of one input again and again ÷ time of ever different ones."""

    @property
    def cached(self) -> bool:
        """Whether repeated inputs certainly are answered faster."""
        ratio = self.repeated_over_different
        return ratio.believable and ratio.value < SUSPICIOUS


def check(session: Session, lane: Lane, seconds: float) -> Checks:
    """Check a row that was timed.

    Args:
        session: what was timed.
        lane: it, with the answers that it kept.
        seconds: how long to time repeated and different inputs, each.

    Raises:
        BackendError: the runtime failed.
    """
    return Checks(
        sampled=len(lane.answers),
        different=_different(session, lane.answers),
        repeated_over_different=_repeated(lane, seconds),
    )


def _different(session: Session, answers: Sequence[tuple[Faces, Logits]]) -> int:
    """How many answers are not those to the same faces in the batches of the accuracy run."""
    faces, given = (np.concatenate(arrays) for arrays in zip(*answers, strict=True))
    expected = predict_logits(session, faces, BATCH)
    wrong = np.abs(given - expected) > _TOLERANCE * np.abs(expected).max()
    return int(np.count_nonzero(wrong.reshape(len(answers), -1).any(axis=1)))


def _repeated(lane: Lane, seconds: float) -> Ratio:
    slice_ns = round(seconds * 1e9 / _ROUNDS)
    lanes = (Lane(lane.call, lane.inputs[:1]), Lane(lane.call, lane.inputs))
    rounds: tuple[list[Sequence[int]], list[Sequence[int]]] = ([], [])
    for order in zip(range(_ROUNDS), cycle((1, -1)), strict=False):
        for place in (0, 1)[:: order[1]]:
            rounds[place].append(lanes[place].run_for(slice_ns))
    return time_ratio(*rounds)
