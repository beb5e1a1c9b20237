"""The shipped classifiers against fer's, one face at a time, one thread, on the same images.

    python benchmarks/classifiers.py --data archive.zip [--rounds 20]

Ours run on OpenVINO and ONNX Runtime in this process, fer's quantised TFLite model with XNNPACK in
an environment of its own (see ``peers/fer``), in turns within each round. Accuracy is that of the
very files, on all of PublicTest. Writes ``results/classifiers.json`` with every round's median,
their ratios and quantiles over all calls.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np
from peers.process import Peer

from edge_emotion.artifact import resolve_model
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
SETTLE_NS = 20_000_000


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
    """Measure MODELS (all with a bar by default), print the ratios, and write the result."""
    faces = load_dataset(data, Split.PUBLIC)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "faces.npy"
        np.save(file, faces.images)
        with Peer(HERE / "peers" / "fer" / "classifier.py", str(file)) as fer:
            labels = fer.ask(do="read")["labels"]
            theirs = float(np.mean([LABELS.index(name) for name in labels] == faces.labels))
            rows = load_ours(models or tuple(BARS), faces)
            fer_rounds: list[list[float]] = []
            for _ in range(rounds):
                fer.ask(do="time", calls=CALLS // 10)
                fer_rounds.append(fer.ask(do="time", calls=CALLS)["samples_ms"])
                for row in rows:
                    row.turn()
            about = fer.ask(do="about")
    document: dict[str, Any] = {
        "images": len(faces),
        "fer": figures(fer_rounds, theirs, len(faces)) | about,
        "edge_emotion": [compared(row, fer_rounds) for row in rows],
        "environment": read_environment().model_dump(mode="json"),
    }
    write_json(RESULT, document)
    missed = report(document)
    sys.exit(1 if missed else 0)


def compared(row: Ours, fer_rounds: list[list[float]]) -> dict[str, Any]:
    """A row with how many times faster than fer it was, round by round."""
    ratios = [
        float(np.median(theirs) / np.median(ours))
        for theirs, ours in zip(fer_rounds, row.rounds_ms, strict=True)
    ]
    low, middle, high = np.percentile(ratios, [2.5, 50, 97.5])
    return {
        "model": row.model,
        "backend": row.backend,
        **figures(row.rounds_ms, row.accuracy, row.images),
        "times_faster": round(float(middle), 3),
        "times_faster_95": [round(float(low), 3), round(float(high), 3)],
    }


def report(document: dict[str, Any]) -> bool:
    """Print the table; whether a bar was missed."""
    fer = document["fer"]
    print(f"fer: {fer['accuracy']:.2%}, {fer['latency_ms']['p50'] * 1000:.0f} µs")
    missed = False
    for row in document["edge_emotion"]:
        bar = BARS.get(row["model"], 0.0) if row["backend"] == "openvino" else 0.0
        missed |= row["times_faster"] < bar
        print(
            f"{row['model']} on {row['backend']}: {row['accuracy']:.2%}, "
            f"{row['latency_ms']['p50'] * 1000:.0f} µs, {row['times_faster']:.2f} times faster"
            + (f" (at least {bar:g} wanted)" if bar else "")
        )
    return missed


if __name__ == "__main__":
    main()
