"""A decoded dataset as PyTorch sees it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import (
    DataLoader,
    DistributedSampler,
    RandomSampler,
    Sampler,
    TensorDataset,
)

from edge_emotion.data import FaceSet
from edge_emotion.training.faces import one_hot
from edge_emotion.training.world import World

Batch = tuple[Tensor, ...]
"""Faces, and what the loader says of each."""


def training_loader(
    faces: FaceSet,
    batch_size: int,
    world: World,
    answers: npt.NDArray[np.float32] | None = None,
) -> DataLoader[Batch]:
    """Shuffled full batches; the last short one is dropped, as batch-norm wants even sizes.

    A batch is faces, uint8 (N, 1, 48, 48), and class probabilities, float32 (N, 7): the targets of
    ``faces`` where it has them, else its labels; then the teachers' answers, where there are any.

    Args:
        faces: all of them; each process draws its own part.
        batch_size: faces in a step, over all processes.
        world: the processes that train together.
        answers: class probabilities (N, 7) that teachers gave.

    Raises:
        RecipeError: the batch cannot be split over the processes.
    """
    targets = one_hot(faces.labels) if faces.targets is None else faces.targets
    dataset = _dataset(faces, targets, *([] if answers is None else [answers]))
    alone: Sampler[int] = RandomSampler(dataset)
    shared: Sampler[int] = DistributedSampler(dataset, world.size, world.rank, drop_last=True)
    return DataLoader(
        dataset,
        batch_size=world.share(min(batch_size, len(faces) // world.size * world.size)),
        sampler=alone if world.size == 1 else shared,
        drop_last=True,
    )


def validation_loader(faces: FaceSet, batch_size: int = 512) -> DataLoader[Batch]:
    """Every face once, in order: uint8 (N, 1, 48, 48) with its class index, int64 (N,)."""
    return DataLoader(_dataset(faces, faces.labels), batch_size=batch_size)


def _dataset(faces: FaceSet, *said: npt.NDArray[np.generic]) -> TensorDataset:
    return TensorDataset(
        torch.from_numpy(faces.images).unsqueeze(1), *(torch.from_numpy(column) for column in said)
    )
