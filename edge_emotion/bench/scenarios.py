"""How a model serves others than one caller who waits: requests at random, and a pile of images.

Named as in MLPerf Inference (V. J. Reddi et al., ISCA 2020), without its rules: ``server`` are
requests that come when they like (a Poisson process), one after the other through one session;
``offline`` is all images at once, as fast as they go. Single-stream is what every row is timed in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle
from time import perf_counter_ns

import numpy as np

from edge_emotion.backends import Faces, LoadOptions, get_backend
from edge_emotion.bench.figures import Latency
from edge_emotion.bench.frozen import Fraction, Frozen, Positive
from edge_emotion.bench.plan import Variant
from edge_emotion.bench.timing import Lane

LOADS = (0.5, 0.8)
"""Rates of requests, as shares of what one caller who never pauses gets."""
OFFLINE_BATCH = 32
_SEED = 0


class ServerLoad(Frozen):
    """Requests at one rate."""

    load: Fraction
    """Of the highest rate that one session could serve."""
    rate_ips: Positive
    latency_ms: Latency
    """From a request's arrival to its answer, the wait for the ones before included."""


class Scenarios(Frozen):
    """One row under others' demands."""

    server: tuple[ServerLoad, ...]
    offline_ips: Positive
    """Images per second in batches of ``OFFLINE_BATCH``, in the throughput mode."""


def measure_scenarios(variant: Variant, lane: Lane, faces: Faces, seconds: float) -> Scenarios:
    """Measure both.

    Args:
        variant: of one face a call.
        lane: its loaded session, which was timed.
        faces: uint8 (N, 48, 48).
        seconds: for each rate, and for the pile.

    Raises:
        EdgeEmotionError: the backend failed.
    """
    mean_ns = float(np.mean([sample for timed in lane.rounds_ns for sample in timed]))
    return Scenarios(
        server=tuple(_serve(lane, load, load / mean_ns * 1e9, seconds) for load in LOADS),
        offline_ips=_offline(variant, faces, seconds),
    )


def _serve(lane: Lane, load: float, rate: float, seconds: float) -> ServerLoad:
    """Let requests arrive at random times that are known beforehand, and answer them in order."""
    random = np.random.default_rng(_SEED)
    gaps = random.exponential(1e9 / rate, max(1, round(rate * seconds)))
    inputs = cycle(lane.inputs)
    latencies = []
    start = perf_counter_ns()
    for arrival in (start + np.cumsum(gaps)).astype(np.int64).tolist():
        given = next(inputs)
        while perf_counter_ns() < arrival:
            pass  # asleep, it would come late
        lane.call(given)
        latencies.append(perf_counter_ns() - arrival)
    return ServerLoad(load=load, rate_ips=rate, latency_ms=Latency.of(latencies))


def _offline(variant: Variant, faces: Faces, seconds: float) -> float:
    options = LoadOptions(variant.threads, variant.inference_precision, mode="throughput")
    pile = [faces[start : start + OFFLINE_BATCH] for start in range(0, len(faces), OFFLINE_BATCH)]
    with get_backend(variant.backend).load(variant.artifact, options) as session:
        for _ in session.infer_many(pile[:4]):
            pass  # the first batches compile
        start = perf_counter_ns()
        images = sum(len(logits) for logits in session.infer_many(_until(pile, start, seconds)))
        return images / (perf_counter_ns() - start) * 1e9


def _until(pile: Sequence[Faces], start: int, seconds: float) -> Iterator[Faces]:
    """The pile again and again, until the time is over."""
    end = start + round(seconds * 1e9)
    for number, batch in enumerate(cycle(pile)):
        if number and perf_counter_ns() > end:
            return
        yield batch
