"""Runs that cheat are found out."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.backends import Faces, LoadOptions, Logits, Session, get_backend
from edge_emotion.bench.checks import Checks, check
from edge_emotion.bench.ratio import Ratio
from edge_emotion.bench.timing import ROUNDS, Lane, measure
from edge_emotion.bench.verdict import judge
from tests.backends.classifiers import random_faces
from tests.bench.reports import report, row

pytest.importorskip("onnxruntime")

FACES = random_faces(16)


@pytest.fixture
def session(models: list[Artifact]) -> Iterator[Session]:
    with get_backend("onnxruntime").load(models[0], LoadOptions(threads=1)) as session:
        yield session


class Remembering:
    """A backend that answers what it has answered before from memory."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: tuple[Faces, Logits] | None = None

    def infer(self, faces: Faces) -> Logits:
        if self._known is not None and self._known[0] is faces:
            return self._known[1]
        time.sleep(0.001)
        self._known = (faces, self._session.infer(faces))
        return self._known[1]


def checked(session: Session, lane: Lane) -> Checks:
    measure([lane], 0.05)
    return check(session, lane, 0.05)


def test_an_honest_row_passes(session: Session) -> None:
    found = checked(session, Lane(session.infer, [face[None] for face in FACES]))
    assert (found.sampled, found.different) == (ROUNDS, 0)


def test_answers_of_something_else_are_found(session: Session) -> None:
    lane = Lane(lambda faces: session.infer(255 - faces), [face[None] for face in FACES])
    assert checked(session, lane).different == ROUNDS


def test_answers_from_memory_are_found(session: Session) -> None:
    lane = Lane(Remembering(session).infer, [face[None] for face in FACES])
    found = checked(session, lane)
    assert found.cached
    assert found.different == 0


def test_the_verdict_says_so() -> None:
    slow = Ratio(value=1.0, ci95=(0.98, 1.03))
    honest = Checks(sampled=10, different=0, repeated_over_different=slow)
    wrong = Checks(sampled=10, different=4, repeated_over_different=slow)
    fast = Ratio(value=0.4, ci95=(0.3, 0.5))
    cached = Checks(sampled=10, different=0, repeated_over_different=fast)
    assert judge(report(row("small", "int8", 1.0, checks=honest))).warnings == ()
    (line,) = judge(report(row("small", "int8", 1.0, checks=wrong))).warnings
    assert "4 of 10 answers of the timed run" in line
    (line,) = judge(report(row("small", "int8", 1.0, checks=cached))).warnings
    assert "0.40 of the time" in line
