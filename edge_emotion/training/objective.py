"""What a network is trained towards: the labels, or teachers and labels together."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from edge_emotion.training.recipe import Distillation
from edge_emotion.training.teachers import Teacher


class Objective(nn.Module):
    """Loss of a batch against its labels, as cross-entropy with smoothing.

    Args:
        label_smoothing: share of each target spread evenly over the classes.
    """

    def __init__(self, label_smoothing: float) -> None:
        super().__init__()
        self.cross_entropy = nn.CrossEntropyLoss(label_smoothing=label_smoothing)

    def forward(
        self,
        logits: Tensor,
        faces: Tensor,  # noqa: ARG002
        targets: Tensor,
        answers: Tensor | None = None,  # noqa: ARG002
    ) -> Tensor:
        """Scalar loss.

        Args:
            logits: (N, C), of the network in training.
            faces: float (N, 1, 48, 48), 0 to 255, as the network has seen them.
            targets: class probabilities (N, C).
            answers: class probabilities (N, C) that were kept from teachers.
        """
        loss: Tensor = self.cross_entropy(logits, targets)
        return loss


class DistilledObjective(Objective):
    """Cross-entropy mixed with the divergence from an ensemble of teachers.

    The teachers see the very pixels that the student sees, after augmentation: a teacher that
    judges the same crop teaches better than one that judged the original (Beyer et al., 2022,
    arXiv:2106.05237). Their probabilities are averaged at the temperature, and the divergence is
    scaled by its square so that gradients keep their size (Hinton et al., 2015, arXiv:1503.02531).
    An expression does not change in the mirror, so a teacher's answer may be its mean over both.

    Answers that teachers gave once, on the faces as they lie in the dataset, come with the batch;
    a file of answers counts as much as one teacher.

    Args:
        label_smoothing: of the cross-entropy.
        teachers: trained networks that see the same batches.
        settings: weight, temperature and views.
        kept: how many files of answers come with the batch, as their mean.
    """

    def __init__(
        self,
        label_smoothing: float,
        teachers: Sequence[Teacher],
        settings: Distillation,
        kept: int = 0,
    ) -> None:
        super().__init__(label_smoothing)
        self._kept = kept
        # A tuple, not a ModuleList: teachers belong neither in checkpoints nor in weight averages.
        self._teachers = tuple(teachers)
        self._settings = settings

    def forward(
        self, logits: Tensor, faces: Tensor, targets: Tensor, answers: Tensor | None = None
    ) -> Tensor:
        """Scalar loss; see ``Objective.forward``."""
        temperature, weight = self._settings.temperature, self._settings.weight
        student = functional.log_softmax(logits.float() / temperature, dim=1)
        divergence = functional.kl_div(student, self._taught(faces, answers), reduction="batchmean")
        labelled = super().forward(logits, faces, targets)
        return (1 - weight) * labelled + weight * temperature**2 * divergence

    @torch.no_grad()
    def _taught(self, faces: Tensor, answers: Tensor | None) -> Tensor:
        """Mean class probabilities of all teachers (N, C) at the temperature."""
        views = [faces, faces.flip(3)] if self._settings.mirrored else [faces]
        opinions = [
            torch.stack(
                [functional.softmax(teacher(v) / self._settings.temperature, dim=1) for v in views]
            ).mean(0)
            for teacher in self._teachers
        ]
        if answers is not None:
            opinions += [answers] * self._kept
        return torch.stack(opinions).mean(0)
