"""Degradation: some faces, each by an amount of its own, and the student's copy alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.train

pytest.importorskip("lightning")

from torch import Tensor, nn  # noqa: E402

from edge_emotion.training.degrade import blur, degrade  # noqa: E402
from edge_emotion.training.module import EmotionModule  # noqa: E402
from edge_emotion.training.objective import DistilledObjective  # noqa: E402
from edge_emotion.training.recipe import (  # noqa: E402
    Augmentation,
    Degradation,
    Distillation,
    Phase,
)
from edge_emotion.training.teachers import Opinion  # noqa: E402


@pytest.fixture
def faces() -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randint(60, 196, (400, 1, 48, 48)).float()


def test_nothing_is_taken_where_nothing_is_asked_for(faces: torch.Tensor) -> None:
    state = torch.get_rng_state()
    assert degrade(faces, Degradation(share=1.0)) is faces
    assert torch.equal(torch.get_rng_state(), state), "a recipe without it would train otherwise"


def test_blur_is_that_of_opencv(faces: torch.Tensor) -> None:
    deviations = torch.tensor([0.0, 0.5, 0.9, 1.5])
    blurred = blur(faces[:4], deviations)
    assert torch.equal(blurred[0], faces[0])
    for face, spoilt, deviation in zip(faces[1:4], blurred[1:], deviations[1:], strict=True):
        expected = cv2.GaussianBlur(
            face[0].numpy(), (9, 9), float(deviation), borderType=cv2.BORDER_REFLECT_101
        )
        np.testing.assert_allclose(spoilt[0].numpy(), expected, atol=1e-2)


def test_blur_keeps_every_grey_level_in_half_precision(faces: torch.Tensor) -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(blur(faces + 0.25, torch.zeros(len(faces))), faces + 0.25)


def test_a_share_of_the_faces_is_blurred_and_a_share_is_noisy(faces: torch.Tensor) -> None:
    for settings in (Degradation(blur=1.5, share=0.2), Degradation(noise=20.0, share=0.2)):
        changed = (degrade(faces, settings) - faces).abs().amax((1, 2, 3)) > 1e-3
        assert 0.12 < changed.float().mean() < 0.28


def test_noise_goes_up_to_the_limit_and_pixels_stay_in_range(faces: torch.Tensor) -> None:
    spoilt = degrade(faces, Degradation(noise=20.0, share=1.0))
    deviations = (spoilt - faces).std((1, 2, 3))
    assert deviations.min() < 3
    assert 16 < deviations.max() < 21
    extremes = degrade(torch.full((8, 1, 48, 48), 255.0), Degradation(noise=20.0, share=1.0))
    assert extremes.max() == 255


class Onlooker(nn.Module):
    """Remembers what it was shown, and has no opinion."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, faces: Tensor) -> Tensor:
        self.seen = faces
        return self.weight * torch.ones(len(faces), 7)


@pytest.mark.filterwarnings("ignore:You are trying to `self.log")
def test_the_student_sees_worse_pictures_than_its_teachers(faces: torch.Tensor) -> None:
    student, teacher = Onlooker(), Onlooker()

    def teach(shown: Tensor) -> Opinion:
        return Opinion(teacher(shown).detach(), shown.flatten(1))

    module = EmotionModule(
        student,
        Phase(epochs=1, learning_rate=0.1),
        Augmentation(),
        Degradation(noise=20.0, share=1.0),
        DistilledObjective(0.0, [teach], Distillation()),
    )
    targets = nn.functional.one_hot(torch.zeros(len(faces), dtype=torch.long), 7).float()
    module.training_step((faces.byte(), targets), 0)
    taken = (student.seen - teacher.seen).std((1, 2, 3))
    assert 8 < taken.mean() < 12, "half of the largest deviation"
