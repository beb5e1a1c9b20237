"""How many faces a second, and what a second core adds to that.

    python benchmarks/throughput.py [--model small] [--seconds 2]

Every CPU backend, latency and throughput mode, 1 and 2 threads, batches of 1, 8 and 32, all taking
turns in shuffled order: a turn classifies so many faces through ``Session.infer_many``. Then two
processes of one thread each, with and without pinned threads, because that is how several cameras
may be run. The result is ``results/throughput.json``, with the duration of every turn.
"""

from __future__ import annotations

import multiprocessing
import statistics
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import chain, product
from pathlib import Path
from time import perf_counter
from typing import Any, get_args

import click
import numpy as np

from edge_emotion.artifact import resolve_model
from edge_emotion.backends import Faces, LoadOptions, Session, get_backend
from edge_emotion.backends.base import Mode
from edge_emotion.bench.environment import read_environment
from edge_emotion.bench.timing import Lane, measure
from edge_emotion.emotions import FACE_SIZE
from edge_emotion.jsonio import write_json

RESULT = Path(__file__).parent / "results" / "throughput.json"
BACKENDS = ("openvino", "onnxruntime")
MODES: tuple[Mode, ...] = get_args(Mode)
THREADS = (1, 2)
BATCHES = (1, 8, 32)
FACES_A_TURN = 512
TURNS_OF_PROCESSES = 3


@dataclass(frozen=True)
class Case:
    """One way to classify many faces."""

    backend: str
    mode: Mode
    threads: int
    batch: int


def open_lanes(model: str, stack: ExitStack) -> dict[Case, Lane]:
    """A lane for every case that this machine can run."""
    artifact = resolve_model(model)
    faces = np.random.default_rng(0).integers(
        0, 256, (FACES_A_TURN, FACE_SIZE, FACE_SIZE), np.uint8
    )
    lanes: dict[Case, Lane] = {}
    for name, mode, threads in product(BACKENDS, MODES, THREADS):
        backend = get_backend(name)
        if backend.unavailable_reason() is None:
            options = LoadOptions(threads=threads, mode=mode)
            session = stack.enter_context(backend.load(artifact, options))
            for batch in BATCHES:
                batches = np.split(faces, FACES_A_TURN // batch)
                lanes[Case(name, mode, threads, batch)] = Lane(turn(session), [batches])
    return lanes


def turn(session: Session) -> Any:
    """A call that classifies all batches and lets the answers go."""

    def classify(batches: Sequence[Faces]) -> None:
        deque(session.infer_many(batches), maxlen=0)

    return classify


def row(case: Case, lane: Lane) -> dict[str, Any]:
    """One case as it is published."""
    if lane.error is not None:
        raise lane.error
    turns = list(chain.from_iterable(lane.rounds_ns))
    low, median, high = (float(q) for q in np.percentile(turns, [10, 50, 90]))
    return {
        **asdict(case),
        "faces_per_second": FACES_A_TURN / (median / 1e9),
        "microseconds_per_face": {
            "p10": low / 1e3 / FACES_A_TURN,
            "p50": median / 1e3 / FACES_A_TURN,
            "p90": high / 1e3 / FACES_A_TURN,
        },
        "turns_ns": turns,
    }


def scaling(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per backend and batch: the best of two threads against the best of one."""
    found = []
    for backend, batch in product(BACKENDS, BATCHES):
        best = {
            threads: max(
                (
                    row
                    for row in rows
                    if (row["backend"], row["batch"], row["threads"]) == (backend, batch, threads)
                ),
                key=lambda row: row["faces_per_second"],
                default=None,
            )
            for threads in THREADS
        }
        one, two = best[1], best[2]
        if one and two:
            ratio = two["faces_per_second"] / one["faces_per_second"]
            found.append(
                {"backend": backend, "batch": batch, "mode": two["mode"], "two_cores": ratio}
            )
    return found


def count_alone(model: str, pinned: bool, seconds: float) -> float:
    """Single faces a second in this process, with OpenVINO's threads pinned or not."""
    import openvino

    from edge_emotion.backends.onnxfile import read_onnx
    from edge_emotion.backends.openvino_runtime import configuration

    artifact = resolve_model(model)
    core = openvino.Core()
    network = core.read_model(read_onnx(artifact))
    network.reshape([1, 1, FACE_SIZE, FACE_SIZE])
    config = configuration(LoadOptions(threads=1)) | {"ENABLE_CPU_PINNING": pinned}
    request = core.compile_model(network, "CPU", config).create_infer_request()
    request.infer()
    calls, end = 0, perf_counter() + seconds
    while perf_counter() < end:
        request.infer()
        calls += 1
    return calls / seconds


def two_processes(model: str, seconds: float) -> dict[str, list[float]]:
    """Faces a second of two processes together, pinned and unpinned in turn."""
    totals: dict[str, list[float]] = {"pinned": [], "unpinned": []}
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        for _, (name, found) in product(range(TURNS_OF_PROCESSES), totals.items()):
            jobs = [pool.submit(count_alone, model, name == "pinned", seconds) for _ in range(2)]
            found.append(sum(job.result() for job in jobs))
    return totals


@click.command()
@click.option("--model", default="small", show_default=True, help="Model file or shipped name.")
@click.option("--seconds", default=2.0, show_default=True, help="Timed seconds for each case.")
def main(model: str, seconds: float) -> None:
    """Measure, print a line for each case, and write the result."""
    with ExitStack() as stack:
        lanes = open_lanes(model, stack)
        measure(list(lanes.values()), seconds)
        rows = [row(case, lane) for case, lane in lanes.items()]
    document = {
        "schema": "edge-emotion/throughput/1",
        "environment": read_environment().model_dump(mode="json"),
        "model": model,
        "faces_a_turn": FACES_A_TURN,
        "cases": rows,
        "scaling": scaling(rows),
    }
    if get_backend("openvino").unavailable_reason() is None:
        totals = two_processes(model, seconds)
        medians = {name: statistics.median(found) for name, found in totals.items()}
        document["two_processes_of_one_thread"] = {
            "faces_per_second": totals,
            "unpinned_over_pinned": medians["unpinned"] / medians["pinned"],
        }
        print(f"two processes: {medians}")
    write_json(RESULT, document)
    for one in rows:
        print(
            f"{one['backend']:12} {one['mode']:10} threads {one['threads']} batch {one['batch']:2}"
            f"  {one['faces_per_second']:8.0f} faces/s"
        )
    for one in document["scaling"]:  # type: ignore[attr-defined]
        print(f"{one['backend']:12} batch {one['batch']:2}: two cores {one['two_cores']:.2f}x")


if __name__ == "__main__":
    main()
