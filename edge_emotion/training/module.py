"""One optimisation phase as Lightning runs it."""

from __future__ import annotations

import math
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torchmetrics.classification import MulticlassAccuracy

from edge_emotion.emotions import LABELS
from edge_emotion.models.features import Tap
from edge_emotion.models.quantization import freeze_ranges
from edge_emotion.training.augment import augment, mixup
from edge_emotion.training.degrade import degrade
from edge_emotion.training.loader import Batch
from edge_emotion.training.muon import Muon
from edge_emotion.training.objective import Objective
from edge_emotion.training.recipe import Augmentation, Degradation, Phase, QuantPhase


class EmotionModule(pl.LightningModule):
    """A network with its loss, optimiser and validation accuracy.

    Args:
        network: a floating-point network or its quantised twin.
        phase: the optimisation's settings.
        augmentation: changes to training faces.
        degradation: what is then taken from the faces that the student sees.
        objective: the loss.
    """

    def __init__(
        self,
        network: nn.Module,
        phase: Phase,
        augmentation: Augmentation,
        degradation: Degradation,
        objective: Objective,
    ) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)
        self.phase = phase
        self.augmentation = augmentation
        self.degradation = degradation
        self.objective = objective
        self._tap = None if objective.hints is None else Tap(self.network)
        self.accuracy = MulticlassAccuracy(len(LABELS), average="micro")

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Loss of one augmented batch."""
        faces, *said = batch
        seen, *said = mixup(self.augmentation.mixup, augment(faces, self.augmentation), *said)
        logits = self.network(degrade(seen, self.degradation))
        features = None if self._tap is None else self._tap.take()
        loss: Tensor = self.objective(logits, seen, *said, features=features)
        self.log("train_loss", loss, on_step=False, on_epoch=True, prog_bar=True)
        return loss

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        """Freeze activation ranges at the step that the recipe names."""
        if isinstance(self.phase, QuantPhase):
            steps = int(self.trainer.estimated_stepping_batches)
            if self.global_step >= self.phase.freeze_ranges_after * steps:
                freeze_ranges(self.network)

    def validation_step(self, batch: Batch, _: int) -> None:
        """Accumulate accuracy over the split, computed in float32."""
        faces, labels = batch
        with torch.autocast("cpu", enabled=False):
            self.accuracy.update(self.network(faces), labels)
        self.log("val_accuracy", self.accuracy, on_epoch=True, prog_bar=True)

    def configure_optimizers(self) -> Any:
        """The phase's optimiser, and the rate's course over its steps."""
        optimizer = optimizer_of(self, self.phase)
        steps = int(self.trainer.estimated_stepping_batches)
        warmup = self.phase.warmup_epochs * steps / self.phase.epochs
        scheduler = LambdaLR(optimizer, lambda step: cosine(step, steps, warmup))
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }


def optimizer_of(module: nn.Module, phase: Phase) -> torch.optim.Optimizer:
    """SGD with Nesterov momentum, or Muon for convolutions; no decay on biases and batch-norms."""
    parameters = list(module.parameters())
    vectors = {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0}
    matrices = [p for p in parameters if p.ndim > 1]
    rate, momentum, decay = phase.learning_rate, phase.momentum, phase.weight_decay
    if phase.muon is None:
        groups: list[dict[str, Any]] = [{"params": matrices}, vectors]
        return torch.optim.SGD(groups, rate, momentum, weight_decay=decay, nesterov=momentum > 0)
    kernels = [p for p in matrices if p.ndim == 4]
    others: list[dict[str, Any]] = [{"params": [p for p in matrices if p.ndim != 4]}, vectors]
    return Muon(kernels, phase.muon, others, rate, momentum, decay)


def cosine(step: int, steps: int, warmup: float) -> float:
    """Share of the peak rate at a step: linear rise over ``warmup``, then half a cosine to 0."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1.0, steps - warmup)))
