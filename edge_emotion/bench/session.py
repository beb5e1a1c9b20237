"""Bring a variant to its first result, or to the row that says why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter_ns

import numpy as np

from edge_emotion.backends import Faces, LoadOptions, Session, get_backend
from edge_emotion.backends.layers import Layer
from edge_emotion.bench.accuracy import Accuracy
from edge_emotion.bench.checks import Checks
from edge_emotion.bench.energy import Energy
from edge_emotion.bench.figures import Latency
from edge_emotion.bench.memory import Memory, MemoryWatch
from edge_emotion.bench.plan import Variant
from edge_emotion.bench.report import Result
from edge_emotion.bench.scenarios import Scenarios
from edge_emotion.bench.stages import Stages
from edge_emotion.bench.timing import Lane

_MS = 1e6


@dataclass(frozen=True)
class Start:
    """How long a model takes to be ready, the runtime being imported already."""

    cold_ms: float
    """From loading to the first result, with an empty cache."""
    compile_ms: float
    """Of that, until the file is read and compiled."""
    warm_ms: float
    """From loading once more, with what the runtime has cached, to the first result."""


@dataclass
class Loaded:
    """A variant that runs, and what is known of it so far."""

    variant: Variant
    session: Session
    start: Start
    memory: Memory
    layers: tuple[Layer, ...]
    """What is executed at the batch size that is timed; none where the runtime does not tell."""
    lane: Lane
    accuracy: Accuracy | None = None
    checks: Checks | None = None
    energy: Energy | None = None
    scenarios: Scenarios | None = None
    prepared: Latency | None = None
    stages: Stages | None = None


def obstacle(variant: Variant) -> str | None:
    """Why this variant cannot run on this machine; ``None`` when it can."""
    backend = get_backend(variant.backend)
    reason = backend.unavailable_reason()
    form = variant.artifact.manifest.format
    if reason is None and form not in backend.formats:
        return f"runs {' and '.join(backend.formats)} files, this model is {form}"
    return reason


def load(variant: Variant, faces: Faces) -> Loaded:
    """Load a variant twice, and time it from there to its first result.

    Args:
        variant: one without an ``obstacle``.
        faces: uint8 (N, 48, 48); batches are taken from them in turn.

    Raises:
        EdgeEmotionError: the backend refused the model or failed on it.
    """
    batches = _batches(faces, variant.batch)
    watch = MemoryWatch()
    session, compile_ms, cold_ms = _first_result(variant, batches[0])
    try:
        memory = watch.memory()
        # Asked now: a runtime may compile another graph for the batches of the accuracy run.
        layers = session.info().layers
        again, _, warm_ms = _first_result(variant, batches[0])
        again.close()
    except BaseException:
        session.close()
        raise
    start = Start(cold_ms, compile_ms, warm_ms)
    return Loaded(variant, session, start, memory, layers, Lane(session.infer, batches))


def _first_result(variant: Variant, faces: Faces) -> tuple[Session, float, float]:
    """A session, and milliseconds until it was there and until it had answered."""
    options = LoadOptions(variant.threads, variant.inference_precision)
    start = perf_counter_ns()
    session = get_backend(variant.backend).load(variant.artifact, options)
    loaded = perf_counter_ns()
    try:
        session.infer(faces)
    except BaseException:
        session.close()
        raise
    return session, (loaded - start) / _MS, (perf_counter_ns() - start) / _MS


def without_figures(variant: Variant, status: str, reason: object) -> Result:
    """The row of a variant that was skipped or failed."""
    model, precision, backend, threads, batch = variant.key
    return Result.model_validate(
        {
            "model": model,
            "precision": precision,
            "backend": backend,
            "threads": threads,
            "batch": batch,
            "inference_precision": variant.inference_precision,
            "status": status,
            "reason": " ".join(str(reason).split()) or type(reason).__name__,
        }
    )


def _batches(faces: Faces, size: int) -> Sequence[Faces]:
    """Every face once, in batches; the last one is filled up from the start."""
    count = -(-len(faces) // size)
    order = np.arange(count * size) % len(faces)
    return [np.ascontiguousarray(faces[rows]) for rows in order.reshape(count, size)]
