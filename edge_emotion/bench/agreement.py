"""How the answers of one network differ between its precisions and backends."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from edge_emotion.bench.frozen import Fraction, Frozen, RowPrecision
from edge_emotion.emotions import LABELS
from edge_emotion.evaluation import mcnemar_exact

Classes = npt.NDArray[np.integer]


class Answering(Frozen):
    """A model on a backend: threads and batch size change no answer that counts."""

    model: str
    precision: RowPrecision
    backend: str


class Recognition(Answering):
    """How much of each class it recognises."""

    recall: dict[str, Fraction]
    """Label → share of its images that are answered so; classes without images are left out."""


class Agreement(Frozen):
    """Two of one network, on the same images."""

    one: Answering
    other: Answering
    agreement: Fraction
    """Share of images with the same answer, right or wrong."""
    only_one: int
    """Images that the first alone has right."""
    only_other: int
    mcnemar_p: float
    """How likely two of equal accuracy differ so much or more."""


def recognition(who: Answering, answers: Classes, truth: Classes) -> Recognition:
    """Recall of every class, of answers and labels (N,)."""
    recall = {
        label: float(np.mean(answers[truth == place] == place))
        for place, label in enumerate(LABELS)
        if (truth == place).any()
    }
    return Recognition(**who.model_dump(), recall=recall)


def agreements(
    answers: Sequence[tuple[Answering, Classes]], truth: Classes
) -> tuple[Agreement, ...]:
    """Every pair of those that ran one network."""
    return tuple(_agreement(*pair, truth) for pair in combinations(answers, 2))


def _agreement(
    first: tuple[Answering, Classes], second: tuple[Answering, Classes], truth: Classes
) -> Agreement:
    (one, answers), (other, others) = first, second
    only_one = int(np.count_nonzero((answers == truth) & (others != truth)))
    only_other = int(np.count_nonzero((others == truth) & (answers != truth)))
    return Agreement(
        one=one,
        other=other,
        agreement=float(np.mean(answers == others)),
        only_one=only_one,
        only_other=only_other,
        mcnemar_p=mcnemar_exact(only_one, only_other),
    )
