"""Time several model files in one run, so that they can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from edge_emotion.artifact import Artifact
from edge_emotion.backends import LoadOptions, get_backend
from edge_emotion.bench.timing import Lane, measure

Faces = npt.NDArray[np.uint8]
_ROTATION = 64
"""Faces that take turns as input."""


@dataclass(frozen=True)
class Case:
    """A model file on a backend, one thread, at a batch size."""

    artifact: Artifact
    backend: str
    batch: int = 1


def time_side_by_side(
    cases: Sequence[Case], faces: Faces, seconds: float
) -> list[npt.NDArray[np.float64]]:
    """Microseconds a face of every call of each case, all cases in turns.

    Args:
        cases: what to time.
        faces: uint8 (N, 48, 48), at least 64.
        seconds: timed for each case.

    Raises:
        ClickException: a case failed.
    """
    lanes = []
    for case in cases:
        session = get_backend(case.backend).load(case.artifact, LoadOptions(threads=1))
        starts = range(0, _ROTATION, case.batch)
        inputs = [np.ascontiguousarray(faces[start : start + case.batch]) for start in starts]
        lanes.append(Lane(session.infer, inputs))
    measure(lanes, seconds)
    for case, lane in zip(cases, lanes, strict=True):
        if lane.error is not None:
            raise click.ClickException(f"{case.artifact.path.name} on {case.backend}: {lane.error}")
    return [
        np.concatenate([np.asarray(each) for each in lane.rounds_ns]) / 1e3 / case.batch
        for case, lane in zip(cases, lanes, strict=True)
    ]


def quantiles(samples: npt.NDArray[np.float64], *which: int) -> dict[str, Any]:
    """Percentiles by name, to a hundredth of a microsecond."""
    return {f"p{each}": round(float(np.percentile(samples, each)), 2) for each in which}
