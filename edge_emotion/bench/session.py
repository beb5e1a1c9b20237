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
from edge_emotion.bench.plan import Variant
from edge_emotion.bench.report import Result
from edge_emotion.bench.scenarios import Scenarios
from edge_emotion.bench.stages import Stages
from edge_emotion.bench.timing import Lane
from edge_emotion.vitals import rss_bytes

_MS = 1e6


@dataclass
class Loaded:
    """A variant that runs, and what is known of it so far."""

    variant: Variant
    session: Session
    cold_start_ms: float
    memory_bytes: int
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
    """Load a variant and time it from there to its first result.

    Args:
        variant: one without an ``obstacle``.
        faces: uint8 (N, 48, 48); batches are taken from them in turn.

    Raises:
        EdgeEmotionError: the backend refused the model or failed on it.
    """
    backend = get_backend(variant.backend)
    batches = _batches(faces, variant.batch)
    before = rss_bytes()
    start = perf_counter_ns()
    session = backend.load(
        variant.artifact, LoadOptions(variant.threads, variant.inference_precision)
    )
    try:
        session.infer(batches[0])
        cold_start_ms = (perf_counter_ns() - start) / _MS
        memory_bytes = rss_bytes() - before
        # Asked now: a runtime may compile another graph for the batches of the accuracy run.
        layers = session.info().layers
    except BaseException:
        session.close()
        raise
    lane = Lane(session.infer, batches)
    return Loaded(variant, session, cold_start_ms, memory_bytes, layers, lane)


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
