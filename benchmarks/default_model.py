"""Which model the camera uses unless told otherwise: the one of labels, or the one of votes.

    python benchmarks/default_model.py --data archive.zip --votes ferplus_votes.csv --pictures DIR

``small`` learned FER-2013's labels, ``small-ferplus`` what ten people saw in the same faces. Both
read every face of PublicTest; their answers are judged by the labels, by the majority of the votes,
and by how many of the ten agree with each answer, on faces as they are and as cameras spoil them.
Then they read the faces that YuNet finds in real photographs, as the six in the folder ``demo`` of
the npm package ``@vladmandic/face-api``; nobody labelled those, so only what they answer is kept.
Writes ``results/default_model.json``.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np

from edge_emotion.artifact import resolve_model
from edge_emotion.backends import LoadOptions, Logits, get_backend
from edge_emotion.bench.environment import read_environment
from edge_emotion.camera.decision import STEADY
from edge_emotion.data import Split
from edge_emotion.evaluation import predict_logits, softmax
from edge_emotion.evaluation.exam import Exam
from edge_emotion.evaluation.robustness import measure_robustness
from edge_emotion.inference import FacePipeline
from edge_emotion.jsonio import write_json
from edge_emotion.vision.image import read_image

RESULT = Path(__file__).parent / "results" / "default_model.json"
MODELS = ("small", "small-ferplus")
BACKEND = "openvino"
BATCH = 64


def judge(model: str, by_labels: Exam, by_votes: Exam) -> tuple[dict[str, Any], Logits]:
    """All figures of one model, and its logits (N, 7)."""
    artifact = resolve_model(model)
    with get_backend(BACKEND).load(artifact, LoadOptions()) as session:
        logits = predict_logits(session, by_votes.faces.images, BATCH)
        spoiled = measure_robustness(session, *by_votes.judged, BATCH, print)
    temperature = artifact.manifest.temperature
    labels = by_labels.examine(logits, temperature)
    votes = by_votes.examine(logits, temperature)
    sure = softmax(logits / temperature).max(axis=1) >= STEADY.uncertain
    judged = by_votes.truth.judged
    right = logits[judged].argmax(axis=1) == by_votes.truth.labels
    found = {
        "sha256": artifact.manifest.sha256,
        "labels": _figures(labels.metrics.accuracy, labels.metrics.accuracy_ci95),
        "votes": {
            **_figures(votes.metrics.accuracy, votes.metrics.accuracy_ci95),
            "calibration_error": round(votes.metrics.ece, 4),
            **asdict(votes.ferplus),  # type: ignore[arg-type]
        },
        "spoiled": {
            "middle_mean": round(spoiled.mean[1], 4),
            "drop_middle": round(spoiled.drop_middle, 4),
        },
        "named": {
            "share": round(float(sure.mean()), 4),
            "accuracy": round(float(right[sure[judged]].mean()), 4),
        },
    }
    return found, logits


def _figures(accuracy: float, ci95: tuple[float, float]) -> dict[str, Any]:
    return {"accuracy": round(accuracy, 4), "ci95": [round(end, 4) for end in ci95]}


def read_pictures(folder: Path) -> list[dict[str, Any]]:
    """What each model says of every face that is found in a folder's JPEGs."""
    pipelines = {model: FacePipeline(model, BACKEND, "yunet") for model in MODELS}
    found = []
    for path in sorted(folder.glob("*.jpg")):
        picture = read_image(path)
        boxes = pipelines[MODELS[0]].detect(picture)
        read = [each.classify([picture], [boxes])[0] for each in pipelines.values()]
        found += [
            {
                "picture": path.name,
                "box": [round(side) for side in (box.x, box.y, box.width, box.height)],
                "answers": {
                    model: [face.emotion, round(face.probability, 3)]
                    for model, face in zip(MODELS, faces, strict=True)
                },
            }
            for box, *faces in zip(boxes, *read, strict=True)
        ]
    return found


@click.command()
@click.option("--data", required=True, help="FER-2013 as zip, folder or CSV.")
@click.option("--votes", required=True, type=click.Path(path_type=Path), help="FER+ votes.")
@click.option("--pictures", required=True, type=click.Path(path_type=Path), help="JPEGs.")
@click.option("--out", type=click.Path(path_type=Path), default=RESULT)
def main(data: str, votes: Path, pictures: Path, out: Path) -> None:
    """Judge both models, and tell whether they differ."""
    by_labels, by_votes = (Exam.open(data, Split.PUBLIC, each) for each in (None, votes))
    judged = {model: judge(model, by_labels, by_votes) for model in MODELS}
    (_, this), (_, other) = judged.values()
    contrast = by_votes.contrast(other, this)
    write_json(
        out,
        {
            "environment": read_environment().model_dump(mode="json"),
            "backend": BACKEND,
            "images": len(by_labels.faces),
            "judged_by_votes": int(np.count_nonzero(by_votes.truth.judged)),
            "uncertain_below": STEADY.uncertain,
            "models": {model: found for model, (found, _) in judged.items()},
            "votes_contrast": asdict(contrast),
            "pictures": read_pictures(pictures),
        },
    )


if __name__ == "__main__":
    main()
