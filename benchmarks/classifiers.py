"""The shipped classifiers against other packages', one face at a time, one thread, same images.

    python benchmarks/classifiers.py --data archive.zip [--rounds 20]

Ours run on OpenVINO and ONNX Runtime in this process; fer's quantised TFLite model with XNNPACK and
face-api's network on TensorFlow.js' WASM kernels each in an environment of its own (see ``peers``),
in turns within each round. Accuracy is that of the very files, on all of PublicTest. Writes
``results/classifiers.json`` with every round's median, their ratios and quantiles over all calls.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np
from peers.process import Peer

from edge_emotion.artifact import resolve_model, shipped_models
from edge_emotion.backends import LoadOptions, get_backend
from edge_emotion.bench.environment import read_environment
from edge_emotion.bench.timing import Lane
from edge_emotion.data import FaceSet, Split, load_dataset
from edge_emotion.emotions import LABELS
from edge_emotion.evaluation import predict_logits, wilson_interval
from edge_emotion.jsonio import write_json

HERE = Path(__file__).parent
RESULT = HERE / "results" / "classifiers.json"
BACKENDS = ("openvino", "onnxruntime")
BARS = {"small": 2.0, "tiny": 4.0}
"""How many times faster than fer a model must be on OpenVINO."""
CALLS = 400
PEERS = {
    "fer": ("fer/classifier.py", "TFLite, XNNPACK", CALLS),
    "face-api": ("face_api/classifier.js", "TensorFlow.js, WASM", CALLS // 8),
}
"""Package → its script under ``peers``, what runs it, and calls in a round."""
SETTLE_NS = 20_000_000


@dataclass
class Theirs:
    """A model of another package, in its own process."""

    name: str
    runtime: str
    peer: Peer
    calls: int
    accuracy: float
    images: int
    rounds_ms: list[list[float]] = field(default_factory=list)

    @classmethod
    def start(cls, name: str, peer: Peer, faces: FaceSet) -> Theirs:
        """Measure a peer's accuracy."""
        _, runtime, calls = PEERS[name]
        labels = peer.ask(do="read")["labels"]
        accuracy = float(np.mean([LABELS.index(label) for label in labels] == faces.labels))
        return cls(name, runtime, peer, calls, accuracy, len(faces))

    def turn(self) -> None:
        """One round: calls to settle, then those that count."""
        self.peer.ask(do="time", calls=self.calls // 10)
        self.rounds_ms.append(self.peer.ask(do="time", calls=self.calls)["samples_ms"])


@dataclass
class Ours:
    """A model of ours on a backend."""

    model: str
    backend: str
    accuracy: float
    images: int
    lane: Lane
    rounds_ms: list[list[float]] = field(default_factory=list)

    def turn(self) -> None:
        """One round: calls to settle, then those that count."""
        self.lane.run_for(SETTLE_NS)
        samples: list[int] = []
        while len(samples) < CALLS:
            samples += self.lane.run_for(SETTLE_NS)
        self.rounds_ms.append([sample / 1e6 for sample in samples])


def load_ours(models: tuple[str, ...], faces: FaceSet) -> list[Ours]:
    """Every model on every backend, its accuracy measured."""
    inputs = [np.ascontiguousarray(faces.images[i : i + 1]) for i in range(64)]
    rows = []
    for model in models:
        for backend in BACKENDS:
            session = get_backend(backend).load(resolve_model(model), LoadOptions(threads=1))
            predicted = predict_logits(session, faces.images, 64).argmax(axis=1)
            accuracy = float(np.mean(predicted == faces.labels))
            rows.append(Ours(model, backend, accuracy, len(faces), Lane(session.infer, inputs)))
    return rows


def figures(rounds_ms: list[list[float]], accuracy: float, images: int) -> dict[str, Any]:
    """What is published of one classifier."""
    samples = np.concatenate(rounds_ms)
    quantiles = {f"p{p}": round(float(np.percentile(samples, p)), 4) for p in (5, 25, 50, 95, 99)}
    low, high = wilson_interval(round(accuracy * images), images)
    return {
        "accuracy": round(accuracy, 4),
        "accuracy_ci95": [round(low, 4), round(high, 4)],
        "latency_ms": quantiles,
        "round_medians_ms": [round(float(np.median(each)), 4) for each in rounds_ms],
    }


@click.command()
@click.option("--data", required=True, help="FER-2013 as zip, folder or CSV.")
@click.option("--rounds", default=20, show_default=True)
@click.argument("models", nargs=-1)
def main(data: str, rounds: int, models: tuple[str, ...]) -> None:
    """Measure MODELS (all shipped INT8 ones by default), print the ratios, and write the result."""
    faces = load_dataset(data, Split.PUBLIC)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        file = Path(folder) / "faces.npy"
        np.save(file, faces.images)
        theirs = [
            Theirs.start(name, stack.enter_context(Peer(HERE / "peers" / script, str(file))), faces)
            for name, (script, _, _) in PEERS.items()
        ]
        ours = load_ours(models or shipped_int8(), faces)
        rows: list[Theirs | Ours] = [*theirs, *ours]
        for _ in range(rounds):
            for row in rows:
                row.turn()
        peers = [described(row) for row in theirs]
    document: dict[str, Any] = {
        "images": len(faces),
        "peers": peers,
        "edge_emotion": [compared(row, theirs) for row in ours],
        "environment": read_environment().model_dump(mode="json"),
    }
    write_json(RESULT, document)
    missed = report(document)
    sys.exit(1 if missed else 0)


def shipped_int8() -> tuple[str, ...]:
    """Names of the shipped models that are measured here."""
    return tuple(
        name for name in shipped_models() if resolve_model(name).manifest.precision == "int8"
    )


def described(row: Theirs) -> dict[str, Any]:
    """What is published of a peer."""
    return {
        "name": row.name,
        "runtime": row.runtime,
        **figures(row.rounds_ms, row.accuracy, row.images),
        **row.peer.ask(do="about"),
    }


def compared(row: Ours, theirs: list[Theirs]) -> dict[str, Any]:
    """A row with how many times faster than each peer it was, round by round."""
    return {
        "model": row.model,
        "backend": row.backend,
        **figures(row.rounds_ms, row.accuracy, row.images),
        "times_faster": {peer.name: ratio(peer.rounds_ms, row.rounds_ms) for peer in theirs},
    }


def ratio(theirs: list[list[float]], ours: list[list[float]]) -> dict[str, float]:
    """Median and 95 % range of the rounds' ratios."""
    ratios = [
        float(np.median(slow) / np.median(fast)) for slow, fast in zip(theirs, ours, strict=True)
    ]
    low, middle, high = np.percentile(ratios, [2.5, 50, 97.5])
    return {
        "median": round(float(middle), 3),
        "low": round(float(low), 3),
        "high": round(float(high), 3),
    }


def report(document: dict[str, Any]) -> bool:
    """Print the table; whether a bar was missed."""
    for peer in document["peers"]:
        p50 = peer["latency_ms"]["p50"] * 1000
        print(f"{peer['name']}: {peer['accuracy']:.2%}, {p50:.0f} µs")
    missed = False
    for row in document["edge_emotion"]:
        bar = BARS.get(row["model"], 0.0) if row["backend"] == "openvino" else 0.0
        times = {name: each["median"] for name, each in row["times_faster"].items()}
        missed |= times["fer"] < bar
        faster = ", ".join(f"{each:.2f} times faster than {name}" for name, each in times.items())
        print(
            f"{row['model']} on {row['backend']}: {row['accuracy']:.2%}, "
            f"{row['latency_ms']['p50'] * 1000:.0f} µs, {faster}"
            + (f" (at least {bar:g} times fer's speed wanted)" if bar else "")
        )
    return missed


if __name__ == "__main__":
    main()
