"""The faces of a run: which are trained on, towards what, and which validate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_emotion.data import FaceSet, Split
from edge_emotion.data.ballots import Ballots, read_votes
from edge_emotion.data.clean import deduplicate
from edge_emotion.data.ferplus import Votes
from edge_emotion.data.source import choose_split, read_source
from edge_emotion.emotions import LABELS
from edge_emotion.errors import DataError, RecipeError
from edge_emotion.training.holdout import Fold, hold_out
from edge_emotion.training.recipe import LabelSource, Recipe


@dataclass(frozen=True)
class TrainingData:
    """The two splits of a run. Validation is never trained on.

    Attributes:
        train: faces with their targets.
        validation: faces with the labels that judge.
        left_out: how many training faces the recipe leaves out, by reason.
        votes_sha256: identity of the votes, where the recipe uses them.
        fold: how validation was held out of the train split; None where it is PublicTest.
    """

    train: FaceSet
    validation: FaceSet
    left_out: dict[str, int]
    votes_sha256: str | None
    fold: Fold | None = None


def load_training_data(
    source: str, recipe: Recipe, votes: Path | None = None, fold: Fold | None = None
) -> TrainingData:
    """Train and PublicTest of a FER-2013 source, or of ``synthetic``, as a recipe wants them.

    Args:
        source: as ``load_dataset`` takes it.
        recipe: its ``labels`` and ``deduplicate`` decide.
        votes: file of FER+ votes, where the recipe needs them.
        fold: a part of the train split to validate on instead of PublicTest.

    Raises:
        DataError: the source or the votes cannot be read, or give no faces to train on.
        RecipeError: votes are needed and not given, or given and not used.
    """
    if recipe.labels.needs_votes and votes is None:
        raise RecipeError(f"recipe {recipe.name!r} learns from FER+ votes", "pass --votes FILE")
    if votes is not None and not recipe.labels.needs_votes:
        raise RecipeError(
            f"recipe {recipe.name!r} makes no use of votes",
            "set labels.votes_weight above 0 or labels.source=ferplus, or drop --votes",
        )
    table, sha256 = read_source(source)
    train = choose_split(table, sha256, Split.TRAIN, source)
    left_out: dict[str, int] = {}
    if fold is None:
        validation = choose_split(table, sha256, Split.PUBLIC, source)
    else:
        held = hold_out(train, fold)
        train, validation = held.train, held.validation
        left_out["near_validation"] = held.near
    if recipe.deduplicate:
        cleaned = deduplicate(train, table.images[table.rows(Split.TEST)])
        train, left_out = cleaned.faces, left_out | cleaned.left_out
    ballots = None if votes is None else read_votes(votes)
    if ballots is not None:
        before = len(train)
        train = _towards_votes(train, ballots, recipe.labels)
        left_out = left_out | {"no_target": before - len(train)}
        if recipe.labels.source == "ferplus":
            validation = _judged_by_votes(validation, ballots)
    return TrainingData(train, validation, left_out, ballots.sha256 if ballots else None, fold)


def one_hot(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """All probability on the label; float32 (N, 7), a row of zeros for a label below 0 or above 6.

    Args:
        labels: (N,), positions in ``Emotion``.
    """
    return np.asarray(labels[:, None] == np.arange(len(LABELS)), np.float32)


def mixed_targets(
    labels: npt.NDArray[np.int64], votes: Votes, settings: LabelSource
) -> npt.NDArray[np.float32]:
    """Labels and votes as class probabilities, mixed by ``votes_weight``.

    A face that lacks one of the two has the other alone, unless that one's weight is 0.

    Args:
        labels: (N,), positions in ``Emotion``, as the dataset gives them.
        votes: on the same faces.
        settings: whose labels, and how they are mixed with the votes.

    Returns:
        float32 (N, 7); a row is all 0 where a face has no target.
    """
    hard = one_hot(votes.majority() if settings.source == "ferplus" else labels)
    weight = np.float32(settings.votes_weight)
    mixed = (1 - weight) * hard + weight * votes.shares(len(LABELS))
    totals = mixed.sum(axis=1, keepdims=True)
    return np.asarray(mixed / np.where(totals > 0, totals, 1), np.float32)


def _towards_votes(train: FaceSet, ballots: Ballots, settings: LabelSource) -> FaceSet:
    targets = mixed_targets(train.labels, ballots.on(train), settings)
    has_target = np.asarray(targets.any(axis=1))
    if not has_target.any():
        raise DataError(f"{ballots.source} leaves no images to train on", "give other votes")
    return replace(train, targets=targets).take(has_target)


def _judged_by_votes(validation: FaceSet, ballots: Ballots) -> FaceSet:
    majority = ballots.on(validation).majority()
    judged = (majority >= 0) & (majority < len(LABELS))
    if not judged.any():
        raise DataError(f"{ballots.source} leaves no images to validate on", "give other votes")
    return replace(validation, labels=majority).take(judged)
