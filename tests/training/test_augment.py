"""Augmentation: bounded, per face, and off when told so."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.train

from edge_emotion.training.augment import augment, mixup  # noqa: E402
from edge_emotion.training.recipe import Augmentation  # noqa: E402

OFF = Augmentation(rotation=0, scale=0, shift=0, flip=0, brightness=0, contrast=0, erase=0)


@pytest.fixture
def faces() -> torch.Tensor:
    torch.manual_seed(0)
    ramp = torch.arange(48, dtype=torch.uint8) * 5
    return ramp.view(1, 1, 1, 48).expand(8, 1, 48, 48).contiguous()


def test_nothing_changes_when_everything_is_off(faces: torch.Tensor) -> None:
    assert torch.allclose(augment(faces, OFF), faces.float(), atol=1e-2)


def test_flip_mirrors_left_and_right(faces: torch.Tensor) -> None:
    flipped = augment(faces, OFF.model_copy(update={"flip": 1.0}))
    assert torch.allclose(flipped, faces.float().flip(3), atol=1e-2)


def test_shift_moves_by_at_most_the_given_fraction(faces: torch.Tensor) -> None:
    shifted = augment(faces, OFF.model_copy(update={"shift": 0.1}))
    moved = (shifted - faces.float())[..., 10:-10].abs() / 5
    assert 0.5 < moved.max() <= 4.8 + 1e-3


def test_every_face_is_changed_on_its_own_and_stays_in_range(faces: torch.Tensor) -> None:
    settings = Augmentation(brightness=0.5, contrast=0.5, erase=1.0)
    changed = augment(faces, settings)
    assert changed.shape == faces.shape
    assert changed.min() >= 0
    assert changed.max() <= 255
    assert len({face.sum().item() for face in changed}) == len(faces)


def test_erasing_fills_between_two_and_twenty_five_percent(faces: torch.Tensor) -> None:
    erased = augment(faces, OFF.model_copy(update={"erase": 1.0}))
    share = ((erased - faces.float()).abs() > 0.5).float().mean((1, 2, 3))
    assert (share > 0.01).all()
    assert (share < 0.3).all()


def test_mixup_blends_faces_and_targets_by_the_same_share() -> None:
    torch.manual_seed(0)
    faces = torch.tensor([0.0, 200.0]).view(2, 1, 1, 1).expand(2, 1, 48, 48)
    targets = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    blended, shares, again = mixup(1.0, faces, targets, targets)
    assert torch.allclose(blended[:, 0, 0, 0] / 200, shares[:, 1], atol=1e-5)
    assert torch.allclose(shares.sum(1), torch.ones(2))
    assert torch.equal(again, shares)


def test_mixup_of_zero_changes_nothing(faces: torch.Tensor) -> None:
    targets = torch.eye(8)
    same, still = mixup(0.0, faces.float(), targets)
    assert torch.equal(same, faces.float())
    assert torch.equal(still, targets)
