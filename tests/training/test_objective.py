"""The loss of a batch, with and without teachers."""

from __future__ import annotations

import copy
import itertools
import shutil
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytestmark = pytest.mark.train

from torch.nn import functional  # noqa: E402

from edge_emotion.errors import ArtifactError  # noqa: E402
from edge_emotion.export.onnx import to_onnx  # noqa: E402
from edge_emotion.models import build_network  # noqa: E402
from edge_emotion.training.objective import DistilledObjective, Hints, Objective  # noqa: E402
from edge_emotion.training.recipe import Distillation  # noqa: E402
from edge_emotion.training.teachers import (  # noqa: E402
    GraphTeacher,
    NetworkTeacher,
    Teacher,
    load_teacher,
)

ASSETS = Path(__file__).parents[2] / "edge_emotion" / "assets"
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
    assert only_teachers(one)(one(FACES).logits, FACES, TARGETS).item() == pytest.approx(
        0.0, abs=1e-6
    )
    assert only_teachers(one)(one(FACES).logits + TARGETS, FACES, TARGETS).item() > 1e-3


def test_two_teachers_are_averaged_as_probabilities() -> None:
    both = [teacher(1), teacher(2)]
    mean = torch.stack([functional.softmax(each(FACES).logits / 3, dim=1) for each in both]).mean(0)
    loss = only_teachers(*both)(3 * mean.log(), FACES, TARGETS)
    assert loss.item() == pytest.approx(0.0, abs=1e-6)


def test_a_teacher_may_answer_as_the_mean_of_a_face_and_its_mirror_image() -> None:
    one = teacher(1)
    views = (one(FACES).logits, one(FACES.flip(3)).logits)
    both = torch.stack([functional.softmax(logits, dim=1) for logits in views]).mean(0)
    settings = Distillation(weight=1.0, temperature=1.0, mirrored=True)
    loss = DistilledObjective(0.0, [one], settings)(both.log(), FACES, TARGETS)
    assert loss.item() == pytest.approx(0.0, abs=1e-6)


def test_a_teacher_in_openvino_answers_as_its_network_does() -> None:
    pytest.importorskip("openvino")
    one = network(1)
    # The precision is bfloat16 where the processor has it: three digits.
    graph = GraphTeacher(to_onnx(one).SerializeToString())
    for faces in (FACES.round(), FACES[:3].round()):
        for said, expected in zip(graph(faces), NetworkTeacher(one)(faces), strict=True):
            assert said.shape == expected.shape
            assert said == pytest.approx(expected, abs=0.05)


def test_a_student_can_be_copied_after_its_teachers_have_taught() -> None:
    pytest.importorskip("openvino")
    graph = GraphTeacher(to_onnx(network(1)).SerializeToString())
    objective = DistilledObjective(0.1, [graph, teacher(2)], Distillation())
    logits = torch.randn(4, 7)
    before = objective(logits, FACES, TARGETS)
    assert copy.deepcopy(objective)(logits, FACES, TARGETS) == before


def test_kept_answers_count_as_much_as_a_teacher() -> None:
    one, answers = teacher(1), functional.softmax(torch.randn(4, 7), dim=1)
    settings = Distillation(weight=1.0, temperature=1.0)
    alone = DistilledObjective(0.0, [], settings, kept=1)
    assert alone(answers.log(), FACES, TARGETS, answers).item() == pytest.approx(0.0, abs=1e-6)
    mean = (2 * answers + functional.softmax(one(FACES).logits, dim=1)) / 3
    both = DistilledObjective(0.0, [one], settings, kept=2)
    assert both(mean.log(), FACES, TARGETS, answers).item() == pytest.approx(0.0, abs=1e-6)


def test_teachers_that_divide_a_batch_are_each_asked_of_its_share_and_speak_there_for_all() -> None:
    teachers, answers = [teacher(1), teacher(2)], functional.softmax(torch.randn(4, 7), dim=1)
    asked: list[int] = []

    def counted(one: NetworkTeacher) -> Teacher:
        return lambda faces: asked.append(len(faces)) or one(faces)  # type: ignore[func-returns-value]

    settings = Distillation(weight=1.0, temperature=1.0, divided=True)
    objective = DistilledObjective(0.0, [counted(one) for one in teachers], settings, kept=1)
    said = torch.stack([teachers[i % 2](FACES[i : i + 1]).logits.softmax(1)[0] for i in range(4)])
    mean = (2 * said + answers) / 3
    assert objective(mean.log(), FACES, TARGETS, answers).item() == pytest.approx(0.0, abs=1e-6)
    assert asked == [2, 2]


def test_a_divided_batch_costs_what_a_whole_one_does_on_average() -> None:
    teachers, logits = [teacher(1), teacher(2)], torch.randn(4, 7)
    whole, divided = (
        DistilledObjective(0.1, teachers, Distillation(divided=divided))
        for divided in (False, True)
    )
    orders = [[a, *{0, 1, 2, 3} - {a, b}, b] for a, b in itertools.combinations(range(4), 2)]
    slopes = []
    for objective in (whole, divided):
        student = logits.clone().requires_grad_()
        for order in orders:
            loss = objective(student[order], FACES[order], TARGETS[order])
            (loss / len(orders)).backward()
        slopes.append(student.grad)
    assert slopes[1] == pytest.approx(slopes[0], abs=1e-6)


def test_hints_of_a_divided_batch_are_of_the_faces_that_each_teacher_saw() -> None:
    teachers, features = [teacher(1), teacher(2)], torch.randn(4, 192)
    settings, hints = Distillation(divided=True), Hints(192, (192, 192), weight=1.0)
    logits = torch.randn(4, 7)
    plain = DistilledObjective(0.1, teachers, settings)(logits, FACES, TARGETS)
    loss = DistilledObjective(0.1, teachers, settings, hints=hints)(
        logits, FACES, TARGETS, features=features
    )
    shares = [(slice(i, None, 2), teachers[i](FACES[i::2]).features) for i in range(2)]
    assert loss.item() == pytest.approx((plain + hints(features, shares)).item(), rel=1e-5)


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


def test_a_shipped_model_teaches_as_it_answers() -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    path = ASSETS / "small.cpu.onnx"
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (expected,) = session.run(["logits"], {"faces": FACES.round().to(torch.uint8).numpy()})
    logits, features = load_teacher(path)(FACES.round())
    assert logits.numpy() == pytest.approx(expected, abs=0.15)
    assert features.shape == (4, 192)
    assert features.min() >= 0, "a mean over what a ReLU let through"


def test_an_onnx_file_that_is_not_what_its_manifest_says_does_not_teach(tmp_path: Path) -> None:
    for name in ("small.cpu.onnx", "small.cpu.onnx.json"):
        shutil.copy(ASSETS / name, tmp_path)
    path = tmp_path / "small.cpu.onnx"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ArtifactError, match="truncated or was changed"):
        load_teacher(path)
    path.with_name(f"{path.name}.json").unlink()
    with pytest.raises(ArtifactError):
        load_teacher(path)


def test_hints_are_an_error_of_what_is_told_of_the_teachers_features() -> None:
    seen = [(slice(None), torch.randn(64, 5)), (slice(None), torch.randn(64, 3))]
    wanted = torch.cat([features for _, features in seen], 1)
    hints = Hints(8, (5, 3), weight=2.0)
    with torch.no_grad():
        for tell in hints.tell:
            tell.weight.zero_()
            tell.bias.zero_()
    # Nothing is told: what is missed is the features' whole variance, which is brought to 1.
    assert hints(wanted, seen).item() == pytest.approx(2.0, rel=1e-3)
    with torch.no_grad():
        scales = torch.diag(1 / wanted.var(0, correction=0).sqrt()).split((5, 3))
        for tell, scale in zip(hints.tell, scales, strict=True):
            tell.weight.copy_(scale)
            tell.bias.copy_(-scale @ wanted.mean(0))
    assert hints(wanted, seen).item() == pytest.approx(0.0, abs=1e-4)


def test_hints_come_on_top_of_answers_and_reach_the_students_features() -> None:
    teachers, logits = [teacher(1), teacher(2)], torch.randn(4, 7)
    features = torch.randn(4, 192, requires_grad=True)
    settings, hints = Distillation(), Hints(192, (192, 192), weight=1.0)
    plain = DistilledObjective(0.1, teachers, settings)(logits, FACES, TARGETS)
    objective = DistilledObjective(0.1, teachers, settings, hints=hints)
    loss = objective(logits, FACES, TARGETS, features=features)
    error = hints(features, [(slice(None), each(FACES).features) for each in teachers])
    assert loss.item() == pytest.approx((plain + error).item(), rel=1e-5)
    loss.backward()
    assert features.grad is not None
    assert features.grad.abs().sum() > 0
