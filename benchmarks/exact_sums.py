"""What ONNX Runtime's sums cost in accuracy and in time on this processor, as it comes and exact.

    python benchmarks/exact_sums.py --data path/to/archive.zip [--seconds 4]

On x86 without VNNI the runtime adds pairs of products up in 16 bits, and this project's backend
lets it compute in floating point instead. Every INT8 model runs in both ways, and FP32, on ONNX
Runtime, and INT8 on OpenVINO as that comes: on PublicTest, and one face at a time on one thread, in
turns. The result is ``results/exact_sums.json``. Where the processor has VNNI, both ways are one.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import numpy as np
import onnxruntime

from edge_emotion.artifact import Artifact, resolve_model
from edge_emotion.backends import Faces, LoadOptions, Logits, get_backend
from edge_emotion.bench.environment import read_environment
from edge_emotion.bench.ratio import time_ratio
from edge_emotion.bench.timing import Lane, measure
from edge_emotion.data import FaceSet, Split, load_dataset
from edge_emotion.jsonio import write_json

RESULT = Path(__file__).parent / "results" / "exact_sums.json"
MODELS = ("small", "tiny", "base")
BATCH = 256

Classify = Callable[[Faces], Logits]


def as_it_comes(artifact: Artifact) -> Classify:
    """ONNX Runtime with its own settings, but for one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(artifact.path), options, providers=["CPUExecutionProvider"]
    )
    name = artifact.manifest.input.name

    def classify(faces: Faces) -> Logits:
        logits: Logits = session.run(None, {name: faces[:, None]})[0]
        return logits

    return classify


def ways(model: str, stack: ExitStack) -> dict[str, Classify]:
    """How a model may run."""

    def shipped(name: str, backend: str) -> Classify:
        session = get_backend(backend).load(resolve_model(name), LoadOptions(threads=1))
        return stack.enter_context(session).infer

    return {
        "fp32": shipped(f"{model}-fp32", "onnxruntime"),
        "as_it_comes": as_it_comes(resolve_model(model)),
        "exact": shipped(model, "onnxruntime"),
        "openvino": shipped(model, "openvino"),
    }


def accuracy(classify: Classify, faces: FaceSet) -> float:
    """Share of faces that get their label."""
    parts = [faces.images[at : at + BATCH] for at in range(0, len(faces), BATCH)]
    found = np.concatenate([classify(part) for part in parts]).argmax(axis=1)
    return float(np.mean(found == faces.labels))


def compare(model: str, faces: FaceSet, seconds: float) -> dict[str, Any]:
    """All ways of one model."""
    with ExitStack() as stack:
        classify = ways(model, stack)
        lanes = {name: Lane(call, faces.images[:64, None]) for name, call in classify.items()}
        measure(list(lanes.values()), seconds)
        correct = {name: accuracy(call, faces) for name, call in classify.items()}
    rounds = {name: lane.rounds_ns for name, lane in lanes.items()}
    return {
        "model": model,
        "sha256": resolve_model(model).manifest.sha256,
        "accuracy": correct,
        "p50_us": {
            name: statistics.median(statistics.median(each) for each in timed) / 1e3
            for name, timed in rounds.items()
        },
        "p50_us_of_rounds": {
            name: [statistics.median(each) / 1e3 for each in timed]
            for name, timed in rounds.items()
        },
        "time_over_fp32": {
            name: time_ratio(timed, rounds["fp32"]).model_dump(mode="json")
            for name, timed in rounds.items()
            if name != "fp32"
        },
    }


@click.command()
@click.option("--data", required=True, help="FER-2013: zip, folder or CSV.")
@click.option("--seconds", type=click.FloatRange(min=1), default=4.0, show_default=True)
def main(data: str, seconds: float) -> None:
    """Measure every model in every way."""
    environment = read_environment()
    faces = load_dataset(data, Split.PUBLIC)
    rows = [compare(model, faces, seconds) for model in MODELS]
    write_json(
        RESULT,
        {
            "schema": "edge-emotion/exact-sums/1",
            "environment": environment.model_dump(mode="json"),
            "images": len(faces),
            "rows": rows,
        },
    )
    for row in rows:
        for name, correct in row["accuracy"].items():
            print(f"{row['model']:<6} {name:<12} {correct:.2%}  {row['p50_us'][name]:7.0f} µs")


if __name__ == "__main__":
    main()
