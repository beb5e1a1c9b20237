from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from edge_emotion.backends import get_backend
from edge_emotion.data.ferplus import CHOICES, Votes
from edge_emotion.emotions import LABELS
from edge_emotion.errors import BackendError, DataError
from edge_emotion.evaluation import (
    calibration_error,
    evaluate,
    examine,
    predict_logits,
    softmax,
    wilson_interval,
)
from tests.backends.classifiers import place, random_faces


def answers(*classes: int, confidence: float = 5.0) -> np.ndarray:
    """Logits that answer these classes."""
    return np.eye(7, dtype=np.float32)[list(classes)] * np.float32(confidence)


def random_case(seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = random.choice(7, 2000, p=[0.13, 0.02, 0.14, 0.25, 0.17, 0.17, 0.12])
    logits = random.normal(0, 1, (2000, 7)).astype(np.float32)
    logits[np.arange(2000), labels] += 1.5
    return logits, labels


def test_all_right() -> None:
    metrics = evaluate(answers(*range(7), confidence=100), np.arange(7), 1.0)
    assert metrics.accuracy == metrics.balanced_accuracy == metrics.macro_f1 == 1.0
    assert metrics.ece == pytest.approx(0)
    assert metrics.accuracy_ci95[1] == pytest.approx(1)
    assert metrics.confusion == tuple(
        tuple(int(row == column) for column in range(7)) for row in range(7)
    )


def test_rows_of_the_confusion_are_the_truth() -> None:
    metrics = evaluate(answers(3, 3, 4), np.array([3, 4, 4]), 1.0)
    assert metrics.images == 3
    assert metrics.confusion[4][3] == 1
    assert metrics.confusion[3][4] == 0
    assert metrics.accuracy == pytest.approx(2 / 3)
    happy, neutral = metrics.per_class["happy"], metrics.per_class["neutral"]
    assert (happy.precision, happy.recall, happy.support) == (0.5, 1.0, 1)
    assert (neutral.precision, neutral.recall, neutral.support) == (1.0, 0.5, 2)
    assert happy.f1 == neutral.f1 == pytest.approx(2 / 3)
    assert metrics.balanced_accuracy == 0.75


def test_a_class_that_does_not_occur_counts_for_nothing() -> None:
    metrics = evaluate(answers(0, 1), np.array([0, 0]), 1.0)
    assert metrics.per_class["sad"].support == 0
    assert metrics.per_class["sad"].f1 == 0.0
    assert metrics.balanced_accuracy == 0.5
    assert tuple(metrics.per_class) == LABELS


def test_no_images_is_an_error() -> None:
    with pytest.raises(DataError, match="no images"):
        evaluate(np.zeros((0, 7), np.float32), np.zeros(0, np.int64), 1.0)


def test_wilson_interval_solves_its_equation() -> None:
    """Its limits are the proportions that the observed one is 1.96 standard errors away from."""
    for successes, trials in ((2450, 3589), (1, 10), (9, 10)):
        share = successes / trials
        for limit in wilson_interval(successes, trials):
            distance = abs(share - limit) / math.sqrt(limit * (1 - limit) / trials)
            assert distance == pytest.approx(1.95996, abs=1e-4)
    assert wilson_interval(0, 10)[0] == pytest.approx(0)
    assert wilson_interval(10, 10)[1] == pytest.approx(1)


def test_calibration_error_of_a_known_case() -> None:
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.35, 0.35])
    right = np.array([True, True, True, False, False, False])
    assert calibration_error(confidence, right) == pytest.approx((4 * 0.2 + 2 * 0.35) / 6)


def test_temperature_changes_calibration_and_nothing_else() -> None:
    logits, labels = random_case(1)
    plain, cooled = evaluate(logits, labels, 1.0), evaluate(logits, labels, 0.2)
    assert cooled.ece != plain.ece
    assert cooled.confusion == plain.confusion
    assert cooled.ece == pytest.approx(evaluate(logits / np.float32(0.2), labels, 1.0).ece)


def test_softmax_survives_large_logits() -> None:
    probabilities = softmax(np.array([[1e4, 0, 0, 0, 0, 0, -1e4]], np.float32))
    np.testing.assert_allclose(probabilities, [[1, 0, 0, 0, 0, 0, 0]])


@pytest.mark.train
def test_figures_are_those_of_torchmetrics() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    torchmetrics = pytest.importorskip("torchmetrics.functional.classification")
    logits, labels = random_case(2)
    ours = evaluate(logits, labels, 1.0)
    tensors = torch.from_numpy(logits), torch.from_numpy(labels)
    accuracy = torchmetrics.multiclass_accuracy
    assert ours.accuracy == pytest.approx(float(accuracy(*tensors, 7, average="micro")))
    assert ours.balanced_accuracy == pytest.approx(float(accuracy(*tensors, 7, average="macro")))
    f1 = torchmetrics.multiclass_f1_score(*tensors, 7, average=None)
    assert [figures.f1 for figures in ours.per_class.values()] == pytest.approx(f1.tolist())
    precision = torchmetrics.multiclass_precision(*tensors, 7, average=None)
    assert [figures.precision for figures in ours.per_class.values()] == pytest.approx(
        precision.tolist()
    )
    confusion = torchmetrics.multiclass_confusion_matrix(*tensors, 7)
    assert [list(row) for row in ours.confusion] == confusion.tolist()
    ece = torchmetrics.multiclass_calibration_error(*tensors, 7, n_bins=15)
    assert ours.ece == pytest.approx(float(ece), abs=1e-5)


class TestPredictLogits:
    """Batches must not show in the result."""

    @pytest.fixture(autouse=True)
    def needs_a_runtime(self) -> None:
        pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

    def test_batches_are_put_back_in_order(self, tmp_path: Path) -> None:
        faces = random_faces(10)
        with get_backend("onnxruntime").load(place(tmp_path, "none")) as session:
            whole = session.infer(faces)
            for batch_size in (1, 4, 10, 64):
                logits = predict_logits(session, faces, batch_size)
                np.testing.assert_allclose(logits, whole, atol=1e-5)
                assert logits.dtype == np.float32

    def test_a_model_that_gives_nan_is_broken(self, tmp_path: Path) -> None:
        artifact = place(tmp_path, "none")
        step = np.float32(1 / 128).tobytes()
        content = artifact.path.read_bytes()
        assert content.count(step) == 1
        artifact.path.write_bytes(content.replace(step, np.float32(np.nan).tobytes()))
        with (
            get_backend("onnxruntime").load(artifact) as session,
            pytest.raises(BackendError, match="not finite"),
        ):
            predict_logits(session, random_faces(2), 2)


def cast(**counts: int) -> list[int]:
    return [counts.get(choice, 0) for choice in CHOICES]


class TestExamine:
    """Labels or votes as the truth, all images or those not seen in training."""

    def test_labels_on_all_images_and_on_those_not_seen(self) -> None:
        seen = np.array([True, True, False, False])
        found = examine(answers(3, 3, 3, 4), np.array([3, 3, 4, 4]), 1.0, seen, None)
        assert (found.metrics.images, found.metrics.accuracy) == (4, 0.75)
        assert found.leak_free is not None
        assert (found.leak_free.images, found.leak_free.accuracy) == (2, 0.5)
        assert found.leak_free.accuracy_ci95 == wilson_interval(1, 2)
        assert found.ferplus is None

    def test_nothing_is_said_of_leaks_where_nothing_is_known(self) -> None:
        labels = np.array([3])
        assert examine(answers(3), labels, 1.0, None, None).leak_free is None
        assert examine(answers(3), labels, 1.0, np.array([True]), None).leak_free is None

    def test_votes_are_the_truth_and_what_has_no_majority_is_left_out(self) -> None:
        votes = Votes(
            np.array(
                [
                    cast(happy=10),
                    cast(neutral=6, sad=4),
                    cast(sad=6, neutral=4),
                    cast(contempt=7, neutral=3),
                    cast(happy=5, sad=5),
                    cast(unknown=9),
                    cast(not_a_face=10),
                    cast(),
                ]
            )
        )
        happy, neutral, sad = (LABELS.index(label) for label in ("happy", "neutral", "sad"))
        logits = answers(happy, sad, sad, neutral, happy, happy, happy, happy)
        labels = np.array([happy, neutral, neutral, happy, happy, happy, happy, happy])
        seen = np.array([True] + [False] * 7)
        found = examine(logits, labels, 1.0, seen, votes)
        assert (found.metrics.images, found.metrics.accuracy) == (3, pytest.approx(2 / 3))
        assert found.metrics.confusion[neutral][sad] == 1
        assert found.leak_free is not None
        assert (found.leak_free.images, found.leak_free.accuracy) == (2, 0.5)
        more = found.ferplus
        assert more is not None
        assert more.left_out == {
            "contempt": 1,
            "unknown": 1,
            "not_a_face": 1,
            "no_majority": 1,
            "no_votes": 1,
        }
        assert more.eight_class is not None
        assert (more.eight_class.images, more.eight_class.accuracy) == (4, 0.5)
        assert more.vote_share == pytest.approx((1 + 0.4 + 0.6 + 0.3) / 4)
        assert more.label_agreement == pytest.approx(2 / 3)

    def test_votes_without_a_majority_are_an_error(self) -> None:
        votes = Votes(np.array([cast(happy=5, sad=5)]))
        with pytest.raises(DataError, match="no images"):
            examine(answers(3), np.array([3]), 1.0, None, votes)
