"""A decoded dataset as PyTorch sees it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, DistributedSampler, RandomSampler, Sampler

from edge_emotion.data import FaceSet
from edge_emotion.training.world import World

Batch = tuple[Tensor, Tensor]


class FaceDataset(Dataset[Batch]):
    """Faces as uint8 (1, 48, 48) with their class index (scalar int64)."""

    def __init__(self, faces: FaceSet) -> None:
        self._images = torch.from_numpy(faces.images).unsqueeze(1)
        self._labels = torch.from_numpy(faces.labels)

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> Batch:
        return self._images[index], self._labels[index]


def training_loader(faces: FaceSet, batch_size: int, world: World) -> DataLoader[Batch]:
    """Shuffled full batches; the last short one is dropped, as batch-norm wants even sizes.

    Args:
        faces: all of them; each process draws its own part.
        batch_size: faces in a step, over all processes.
        world: the processes that train together.

    Raises:
        RecipeError: the batch cannot be split over the processes.
    """
    dataset = FaceDataset(faces)
    alone: Sampler[int] = RandomSampler(dataset)
    shared: Sampler[int] = DistributedSampler(dataset, world.size, world.rank, drop_last=True)
    return DataLoader(
        dataset,
        batch_size=world.share(min(batch_size, len(faces) // world.size * world.size)),
        sampler=alone if world.size == 1 else shared,
        drop_last=True,
    )


def validation_loader(faces: FaceSet, batch_size: int = 512) -> DataLoader[Batch]:
    """Every face once, in order."""
    return DataLoader(FaceDataset(faces), batch_size=batch_size)
