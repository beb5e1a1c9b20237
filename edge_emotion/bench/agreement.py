"""How the answers of one network differ between its precisions and backends."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from edge_emotion.bench.frozen import Fraction, Frozen, RowPrecision
from edge_emotion.evaluation import Classes, Contrast


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


def agreements(
    answers: Sequence[tuple[Answering, Classes]], truth: Classes
) -> tuple[Agreement, ...]:
    """Every pair of those that ran one network, against the labels (N,)."""
    return tuple(
        _agreement(one, other, Contrast.between(given, others, truth))
        for (one, given), (other, others) in combinations(answers, 2)
    )


def _agreement(one: Answering, other: Answering, contrast: Contrast) -> Agreement:
    return Agreement(
        one=one,
        other=other,
        agreement=contrast.agreement,
        only_one=contrast.only_this,
        only_other=contrast.only_other,
        mcnemar_p=contrast.mcnemar_p,
    )
