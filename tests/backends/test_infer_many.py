"""Batch after batch, in either mode, on the real runtimes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.backends import Backend, Faces, LoadOptions, Session, get_backend
from edge_emotion.errors import BackendError
from tests.backends.classifiers import random_faces

SIZES = (1, 8, 8, 3, 1, 1, 1, 1, 1, 1, 1, 32, 2, 8, 8, 8, 8, 8, 8, 5)


@pytest.fixture(params=["openvino", "onnxruntime"])
def backend(request: pytest.FixtureRequest) -> Backend:
    found = get_backend(request.param)
    if reason := found.unavailable_reason():
        pytest.skip(reason)
    return found


@pytest.fixture(params=["latency", "throughput"])
def session(request: pytest.FixtureRequest, backend: Backend, int8: Artifact) -> Iterator[Session]:
    with backend.load(int8, LoadOptions(threads=2, mode=request.param)) as loaded:
        yield loaded


def batches() -> list[Faces]:
    faces = random_faces(sum(SIZES))
    return np.split(faces, np.cumsum(SIZES)[:-1])


def test_logits_come_in_the_order_of_the_batches(session: Session) -> None:
    expected = [session.infer(batch) for batch in batches()]
    answers = list(session.infer_many(batches()))
    assert len(answers) == len(expected)
    for answer, wanted in zip(answers, expected, strict=True):
        np.testing.assert_allclose(answer, wanted, atol=1e-5)
    assert len({tuple(rows[0].tolist()) for rows in answers}) == len(SIZES), "all faces differ"


def test_no_batches_give_nothing(session: Session) -> None:
    assert list(session.infer_many([])) == []


def test_batches_are_taken_as_they_are_needed(session: Session) -> None:
    """Endless ones, from a camera, must not be collected first."""

    def endless() -> Iterator[Faces]:
        while True:
            yield random_faces(2)

    answers = session.infer_many(endless())
    for _ in range(20):
        assert next(answers).shape == (2, 7)


def test_who_stops_early_can_go_on_later(session: Session) -> None:
    expected = session.infer(random_faces(4))
    answers = session.infer_many([random_faces(8)] * 10)
    next(answers)
    del answers
    for _ in range(3):
        (again,) = session.infer_many([random_faces(4)])
        np.testing.assert_allclose(again, expected, atol=1e-5)


def test_a_wrong_batch_is_refused_where_it_stands(session: Session) -> None:
    good = [random_faces(2)] * 3
    answers = session.infer_many([*good, np.zeros((1, 48, 47), np.uint8), *good])
    with pytest.raises(BackendError, match="faces must be uint8"):
        list(answers)
    assert len(list(session.infer_many(good))) == 3


def test_a_closed_session_says_so(session: Session) -> None:
    session.close()
    with pytest.raises(BackendError, match="closed"):
        list(session.infer_many([random_faces(1)]))


def test_the_logits_belong_to_the_caller(session: Session) -> None:
    answers = list(session.infer_many([random_faces(2), *[random_faces(3)] * 8]))
    np.testing.assert_allclose(answers[0], session.infer(random_faces(2)), atol=1e-5)
    answers[1][:] = 0
    assert answers[2].any()
