"""Which backend runs a model when the user names none: the one that is the fastest here.

No table can say: it depends on the processor, the model and the versions. So it is measured the
first time, and the answer is kept until one of them changes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np

from edge_emotion.artifact import Artifact
from edge_emotion.backends import REGISTRY, get_backend
from edge_emotion.backends.base import Backend, Faces, LoadOptions, Session
from edge_emotion.backends.machine import installed_as, processor
from edge_emotion.emotions import FACE_SIZE
from edge_emotion.errors import BackendUnavailable, EdgeEmotionError, OutputError
from edge_emotion.jsonio import cache_directory, write_json

ROUNDS = 8
MEASURED_NS = 800_000_000
"""For all backends together; with what loading them takes, about a second."""

_SETTLED = 3
"""The first of so many parts of a slice is not counted: the backend before has filled the caches,
and its threads still spin."""

_log = logging.getLogger(__name__)


def choose_backend(artifact: Artifact, threads: int | None = None) -> Backend:
    """The fastest backend on one face, of those that take the model's format and run here.

    Where there are several, they are measured on the very model on first use, and the choice is
    kept in the cache folder.

    Args:
        artifact: the model.
        threads: CPU threads it will be run with; ``None`` is every core.

    Raises:
        BackendUnavailable: there is none.
        EdgeEmotionError: none could run the model; the first one's reason.
    """
    candidates = _candidates(artifact)
    if len(candidates) == 1:
        return candidates[0]
    options = LoadOptions(threads=threads)
    key = _key(artifact, options, candidates)
    path = _path(key)
    names = {backend.name: backend for backend in candidates}
    kept = _kept_choice(path, key)
    if kept in names:
        return names[kept]
    medians = _measure(artifact, options, candidates)
    fastest = min(medians, key=medians.__getitem__)
    figures = ", ".join(f"{name} {median / 1e3:.0f} µs" for name, median in medians.items())
    _log.warning(
        "%s runs on %s here, measured on one face: %s", artifact.path.name, fastest, figures
    )
    with suppress(OutputError):  # without a cache, the next start measures again
        write_json(path, {"key": key, "backend": fastest, "median_ns": medians})
    return names[fastest]


def _candidates(artifact: Artifact) -> list[Backend]:
    takers = [
        backend
        for backend in map(get_backend, REGISTRY)
        if artifact.manifest.format in backend.formats
    ]
    reasons = {backend.name: backend.unavailable_reason() for backend in takers}
    able = [backend for backend in takers if reasons[backend.name] is None]
    if not able:
        told = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        raise BackendUnavailable(
            f"no backend on this machine runs {artifact.path.name} "
            f"(format {artifact.manifest.format}): {told or 'none takes that format'}"
        )
    return able


def _key(artifact: Artifact, options: LoadOptions, candidates: Sequence[Backend]) -> dict[str, Any]:
    return {
        "model": artifact.manifest.sha256,
        "threads": options.thread_count,
        "processor": processor(),
        "backends": {backend.name: installed_as(backend.module) for backend in candidates},
    }


def _path(key: dict[str, Any]) -> Path:
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    return cache_directory() / "backends" / f"{digest[:32]}.json"


def _kept_choice(path: Path, key: dict[str, Any]) -> str | None:
    try:
        kept = json.loads(path.read_bytes())
        return str(kept["backend"]) if kept["key"] == key else None
    except (OSError, ValueError, LookupError, TypeError):  # damaged is as good as absent
        return None


def _measure(
    artifact: Artifact, options: LoadOptions, candidates: Sequence[Backend]
) -> dict[str, float]:
    """Backend → median time for one face in ns, from rounds in which all take their turn."""
    face = np.random.default_rng(0).integers(0, 256, (1, FACE_SIZE, FACE_SIZE), np.uint8)
    with ExitStack() as stack:
        sessions: dict[str, Session] = {}
        failures: list[EdgeEmotionError] = []
        for backend in candidates:
            with _kept_in(failures):
                session = stack.enter_context(backend.load(artifact, options))
                session.infer(face)
                sessions[backend.name] = session
        if not sessions:
            raise failures[0]
        slice_ns = MEASURED_NS // (ROUNDS * len(sessions))
        samples: dict[str, list[int]] = {name: [] for name in sessions}
        for _ in range(ROUNDS):
            for name, session in sessions.items():
                samples[name] += _slice(session, face, slice_ns)
    return {name: statistics.median(taken) for name, taken in samples.items()}


@contextmanager
def _kept_in(failures: list[EdgeEmotionError]) -> Iterator[None]:
    """A backend that fails on the model is out, and no reason to stop."""
    try:
        yield
    except EdgeEmotionError as error:
        failures.append(error)


def _slice(session: Session, face: Faces, duration_ns: int) -> list[int]:
    taken: list[int] = []
    now = perf_counter_ns()
    end = now + duration_ns
    while now < end or not taken:
        start = perf_counter_ns()
        session.infer(face)
        now = perf_counter_ns()
        taken.append(now - start)
    return taken[len(taken) // _SETTLED :]
