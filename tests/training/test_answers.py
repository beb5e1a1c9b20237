"""Answers of teachers that are kept in a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytestmark = pytest.mark.train

from safetensors.numpy import save_file  # noqa: E402

from edge_emotion.errors import ArtifactError, DataError  # noqa: E402
from edge_emotion.training.answers import (  # noqa: E402
    Answers,
    holds_answers,
    pixel_keys,
    save_answers,
)
from edge_emotion.training.teachers import Teachers  # noqa: E402

RANDOM = np.random.default_rng(0)
FACES = RANDOM.integers(0, 256, (20, 48, 48), np.uint8)
PROBABILITIES = RANDOM.dirichlet(np.ones(7), 20).astype(np.float32)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "kept.safetensors"
    save_answers(path, FACES, PROBABILITIES)
    return path


def test_faces_are_found_by_their_pixels_in_any_order(kept: Path) -> None:
    order = RANDOM.permutation(20)
    found = np.exp(Answers.load(kept).on(FACES[order]))
    assert found == pytest.approx(PROBABILITIES[order], rel=5e-3)


def test_equal_faces_have_one_answer(tmp_path: Path) -> None:
    path = tmp_path / "twice.safetensors"
    save_answers(path, FACES[[0, 1, 0]], PROBABILITIES[:3])
    answers = Answers.load(path)
    assert len(answers.keys) == 2
    assert np.exp(answers.on(FACES[:1])) == pytest.approx(PROBABILITIES[:1], rel=5e-3)


def test_no_probability_is_too_small_to_keep(tmp_path: Path) -> None:
    path = tmp_path / "certain.safetensors"
    save_answers(path, FACES[:1], np.eye(7, dtype=np.float32)[:1])
    logarithms = Answers.load(path).on(FACES[:1])
    assert np.isfinite(logarithms).all()
    assert np.exp(logarithms) == pytest.approx(np.eye(7)[:1])


def test_a_strange_face_is_refused_with_a_count(kept: Path) -> None:
    strangers = np.concatenate([FACES[:3], 255 - FACES[:2]])
    with pytest.raises(DataError, match=r"no answer on 2 of 5 training faces"):
        Answers.load(kept).on(strangers)


def test_one_changed_pixel_is_another_face() -> None:
    other = FACES[:1].copy()
    other[0, 47, 47] ^= 1
    assert pixel_keys(other) != pixel_keys(FACES[:1])


def test_several_files_are_averaged_at_the_temperature(kept: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.safetensors"
    save_answers(second, FACES, np.roll(PROBABILITIES, 1, axis=1))
    mean = Teachers.load([kept, second]).answers(FACES, temperature=2.0)
    assert mean is not None
    soft = [
        np.sqrt(p) / np.sqrt(p).sum(1, keepdims=True)
        for p in (PROBABILITIES, np.roll(PROBABILITIES, 1, 1))
    ]
    assert mean == pytest.approx(np.mean(soft, axis=0), rel=5e-3)


def test_what_is_no_file_of_answers_is_refused(kept: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(kept.read_bytes()[:-100])
    other, shape = tmp_path / "other.safetensors", tmp_path / "shape.safetensors"
    save_file({"weights": np.zeros(3)}, other)
    columns = {"keys": np.arange(2, dtype=np.uint64), "answers": np.zeros((2, 6), np.float16)}
    save_file(columns, shape, {"format": "edge-emotion/answers/1"})
    assert [holds_answers(path) for path in (kept, cut, other, tmp_path)] == [
        True,
        False,
        False,
        False,
    ]
    for path, message in ((cut, "cannot read"), (other, "holds no answers"), (shape, r"\(2, 6\)")):
        with pytest.raises(ArtifactError, match=message):
            Answers.load(path)
