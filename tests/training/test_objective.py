"""The loss of a batch, with and without teachers."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytestmark = pytest.mark.train

from torch.nn import functional  # noqa: E402

from edge_emotion.models import build_network  # noqa: E402
from edge_emotion.training.objective import DistilledObjective, Objective  # noqa: E402
from edge_emotion.training.recipe import Distillation  # noqa: E402
from edge_emotion.training.teachers import GraphTeacher, NetworkTeacher  # noqa: E402

FACES = torch.rand(4, 1, 48, 48) * 255
TARGETS = functional.one_hot(torch.tensor([0, 3, 3, 6]), 7).float()


def network(seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    return build_network("small").eval()


def teacher(seed: int) -> NetworkTeacher:
    return NetworkTeacher(network(seed))


def only_teachers(*teachers: NetworkTeacher) -> DistilledObjective:
    return DistilledObjective(0.0, teachers, Distillation(weight=1.0, temperature=3.0))


def test_labels_alone_are_cross_entropy_with_smoothing() -> None:
    logits = torch.randn(4, 7)
    expected = functional.cross_entropy(logits, torch.tensor([0, 3, 3, 6]), label_smoothing=0.1)
    assert Objective(0.1)(logits, FACES, TARGETS).item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_student_that_agrees_with_its_teacher_has_nothing_to_learn() -> None:
    one = teacher(1)
    assert only_teachers(one)(one(FACES), FACES, TARGETS).item() == pytest.approx(0.0, abs=1e-6)
    assert only_teachers(one)(one(FACES) + TARGETS, FACES, TARGETS).item() > 1e-3


def test_two_teachers_are_averaged_as_probabilities() -> None:
    both = [teacher(1), teacher(2)]
    mean = torch.stack([functional.softmax(each(FACES) / 3, dim=1) for each in both]).mean(0)
    loss = only_teachers(*both)(3 * mean.log(), FACES, TARGETS)
    assert loss.item() == pytest.approx(0.0, abs=1e-6)


def test_a_teacher_may_answer_as_the_mean_of_a_face_and_its_mirror_image() -> None:
    one = teacher(1)
    both = torch.stack([functional.softmax(one(v), dim=1) for v in (FACES, FACES.flip(3))]).mean(0)
    settings = Distillation(weight=1.0, temperature=1.0, mirrored=True)
    loss = DistilledObjective(0.0, [one], settings)(both.log(), FACES, TARGETS)
    assert loss.item() == pytest.approx(0.0, abs=1e-6)


def test_a_teacher_in_openvino_answers_as_its_network_does() -> None:
    pytest.importorskip("openvino")
    one = network(1)
    # The precision is bfloat16 where the processor has it: three digits.
    for faces in (FACES.round(), FACES[:3].round()):
        assert GraphTeacher(one)(faces) == pytest.approx(NetworkTeacher(one)(faces), abs=0.05)


def test_a_student_can_be_copied_after_its_teachers_have_taught() -> None:
    pytest.importorskip("openvino")
    objective = DistilledObjective(0.1, [GraphTeacher(network(1)), teacher(2)], Distillation())
    logits = torch.randn(4, 7)
    before = objective(logits, FACES, TARGETS)
    assert copy.deepcopy(objective)(logits, FACES, TARGETS) == before


def test_kept_answers_count_as_much_as_a_teacher() -> None:
    one, answers = teacher(1), functional.softmax(torch.randn(4, 7), dim=1)
    settings = Distillation(weight=1.0, temperature=1.0)
    alone = DistilledObjective(0.0, [], settings, kept=1)
    assert alone(answers.log(), FACES, TARGETS, answers).item() == pytest.approx(0.0, abs=1e-6)
    mean = (2 * answers + functional.softmax(one(FACES), dim=1)) / 3
    both = DistilledObjective(0.0, [one], settings, kept=2)
    assert both(mean.log(), FACES, TARGETS, answers).item() == pytest.approx(0.0, abs=1e-6)


def test_weight_mixes_labels_and_teachers() -> None:
    one, logits = teacher(1), torch.randn(4, 7)
    labels = Objective(0.1)(logits, FACES, TARGETS)
    taught = DistilledObjective(0.1, [one], Distillation(weight=1.0))(logits, FACES, TARGETS)
    mixed = DistilledObjective(0.1, [one], Distillation(weight=0.25))(logits, FACES, TARGETS)
    assert mixed.item() == pytest.approx(0.75 * labels.item() + 0.25 * taught.item(), rel=1e-5)


def test_teachers_learn_nothing_and_stay_out_of_the_checkpoint() -> None:
    one = network(1)
    objective = only_teachers(NetworkTeacher(one))
    logits = torch.randn(4, 7, requires_grad=True)
    objective(logits, FACES, TARGETS).backward()
    assert logits.grad is not None
    assert all(parameter.grad is None for parameter in one.parameters())
    assert not objective.state_dict()
