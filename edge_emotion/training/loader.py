"""A decoded dataset as PyTorch sees it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from edge_emotion.data import FaceSet

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


def training_loader(faces: FaceSet, batch_size: int) -> DataLoader[Batch]:
    """Shuffled full batches; the last short one is dropped, as batch-norm wants even sizes."""
    return DataLoader(
        FaceDataset(faces),
        batch_size=min(batch_size, len(faces)),
        shuffle=True,
        drop_last=True,
    )


def validation_loader(faces: FaceSet, batch_size: int = 512) -> DataLoader[Batch]:
    """Every face once, in order."""
    return DataLoader(FaceDataset(faces), batch_size=batch_size)
