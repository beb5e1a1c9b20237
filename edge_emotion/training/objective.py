"""What a network is trained towards: the labels, or teachers and labels together."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from edge_emotion.emotions import LABELS
from edge_emotion.training.recipe import Distillation
from edge_emotion.training.teachers import Opinion, Teacher


class Hints(nn.Module):
    """How far a student's features are from telling its teachers' features.

    For each teacher a linear layer, which is trained along and left behind, tells the teacher's
    from the student's: mean squared error, the teacher's features brought to mean 0 and variance 1
    over the batch. A teacher's features are many more numbers than its answer, so a face teaches
    more (Romero et al., 2015, arXiv:1412.6550, who call them hints).

    Args:
        student: how many features the student has.
        teachers: how many each of its teachers has.
        weight: how much the error counts beside labels and answers.
    """

    def __init__(self, student: int, teachers: Sequence[int], weight: float) -> None:
        super().__init__()
        self._weights = [weight * count / sum(teachers) for count in teachers]
        self.tell = nn.ModuleList(nn.Linear(student, count) for count in teachers)
        self.standardise = nn.ModuleList(nn.BatchNorm1d(n, affine=False) for n in teachers)

    def forward(self, student: Tensor, teachers: Sequence[tuple[slice, Tensor]]) -> Tensor:
        """Scalar: of the student's features (N, D), and which faces each teacher saw as what."""
        errors = [
            weight * functional.mse_loss(tell(student[faces].float()), standardise(seen))
            for weight, tell, standardise, (faces, seen) in zip(
                self._weights, self.tell, self.standardise, teachers, strict=True
            )
        ]
        return torch.stack(errors).sum()


class Objective(nn.Module):
    """Loss of a batch against its labels, as cross-entropy with smoothing.

    Args:
        label_smoothing: share of each target spread evenly over the classes.

    Attributes:
        hints: what is learned from the network's features, where something is.
    """

    def __init__(self, label_smoothing: float) -> None:
        super().__init__()
        self.hints: Hints | None = None
        self.cross_entropy = nn.CrossEntropyLoss(label_smoothing=label_smoothing)

    def forward(
        self,
        logits: Tensor,
        faces: Tensor,  # noqa: ARG002
        targets: Tensor,
        answers: Tensor | None = None,  # noqa: ARG002
        features: Tensor | None = None,  # noqa: ARG002
    ) -> Tensor:
        """Scalar loss.

        Args:
            logits: (N, C), of the network in training.
            faces: float (N, 1, 48, 48), 0 to 255, augmented, not degraded.
            targets: class probabilities (N, C).
            answers: class probabilities (N, C) that were kept from teachers.
            features: (N, D), what the network has seen in the faces.
        """
        loss: Tensor = self.cross_entropy(logits, targets)
        return loss


class DistilledObjective(Objective):
    """Cross-entropy mixed with the divergence from an ensemble of teachers.

    The teachers see the very crop that the student sees, after augmentation: a teacher that
    judges the same crop teaches better than one that judged the original (Beyer et al., 2022,
    arXiv:2106.05237). They see it as it was before it was degraded, so that a student learns to say
    of a bad picture what they say of a good one. Their probabilities are averaged at the
    temperature, and the divergence is scaled by its square so that gradients keep their size
    (Hinton et al., 2015, arXiv:1503.02531). An expression does not change in the mirror, so a
    teacher's answer may be its mean over both.

    Answers that teachers gave once, on the faces as they lie in the dataset, come with the batch;
    a file of answers counts as much as one teacher.

    Teachers may divide a batch among them: each is asked of its share of the faces, and speaks
    there for all of them. What is learned is then the same in expectation, at the cost of one.

    With hints the student also learns to see what its teachers see.

    Args:
        label_smoothing: of the cross-entropy.
        teachers: trained networks that see the same batches.
        settings: weight, temperature, views, and whether a batch is divided.
        kept: how many files of answers come with the batch, as their mean.
        hints: what it learns of its teachers' features, if it does.
    """

    def __init__(
        self,
        label_smoothing: float,
        teachers: Sequence[Teacher],
        settings: Distillation,
        kept: int = 0,
        hints: Hints | None = None,
    ) -> None:
        super().__init__(label_smoothing)
        self._kept = kept
        self.hints = hints
        # A tuple, not a ModuleList: teachers belong neither in checkpoints nor in weight averages.
        self._teachers = tuple(teachers)
        self._settings = settings

    def forward(
        self,
        logits: Tensor,
        faces: Tensor,
        targets: Tensor,
        answers: Tensor | None = None,
        features: Tensor | None = None,
    ) -> Tensor:
        """Scalar loss; see ``Objective.forward``."""
        temperature, weight = self._settings.temperature, self._settings.weight
        student = functional.log_softmax(logits.float() / temperature, dim=1)
        shares = self._shares()
        opinions = [
            teacher(faces[share]) for share, teacher in zip(shares, self._teachers, strict=True)
        ]
        taught = self._taught(shares, opinions, faces, answers)
        divergence = functional.kl_div(student, taught, reduction="batchmean")
        labelled = super().forward(logits, faces, targets)
        loss = (1 - weight) * labelled + weight * temperature**2 * divergence
        if self.hints is not None and features is not None:
            seen = [(share, said.features) for share, said in zip(shares, opinions, strict=True)]
            loss = loss + self.hints(features, seen)
        return loss

    def _shares(self) -> list[slice]:
        """Which faces of a batch each teacher is asked of; batches are shuffled."""
        count = len(self._teachers)
        if self._settings.divided:
            return [slice(first, None, count) for first in range(count)]
        return [slice(None)] * count

    @torch.no_grad()
    def _taught(
        self,
        shares: list[slice],
        opinions: list[Opinion],
        faces: Tensor,
        answers: Tensor | None,
    ) -> Tensor:
        """Mean class probabilities of all teachers (N, C) at the temperature."""
        temperature, count = self._settings.temperature, len(self._teachers)
        speaks_for = count if self._settings.divided else 1
        said = faces.new_zeros(len(faces), len(LABELS))
        for share, opinion, teacher in zip(shares, opinions, self._teachers, strict=True):
            views = [opinion.logits]
            if self._settings.mirrored:
                views.append(teacher(faces[share].flip(3)).logits)
            probabilities = [functional.softmax(view / temperature, dim=1) for view in views]
            said[share] += speaks_for * torch.stack(probabilities).mean(0)
        if answers is not None:
            said += self._kept * answers
        return said / (count + self._kept)
