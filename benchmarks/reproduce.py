"""Train a shipped model's recipe again from scratch, with another seed, and measure it.

    python benchmarks/reproduce.py tiny --seed 2 --data archive.zip [--votes ferplus_votes.csv]

The INT8 file answers PublicTest once on each backend, and under the corruptions on ONNX Runtime,
judged as the shipped model is: by the labels, or by the majority of FER+ votes. A run that was
stopped goes on. Writes a row into ``results/reproduced.json`` for each model and seed, which
``readme.py`` puts beside what the shipped model's manifest says.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from edge_emotion.artifact import resolve_model
from edge_emotion.backends import LoadOptions, get_backend
from edge_emotion.data import Split
from edge_emotion.evaluation import predict_logits
from edge_emotion.evaluation.exam import Exam
from edge_emotion.evaluation.robustness import measure_robustness
from edge_emotion.export.publish import export_checkpoint
from edge_emotion.jsonio import write_json
from edge_emotion.training.faces import load_training_data
from edge_emotion.training.recipe import load_recipe
from edge_emotion.training.run import train

HERE = Path(__file__).parent
RECIPES = HERE.parent / "export" / "recipes"
RESULT = HERE / "results" / "reproduced.json"
BATCH = 64


@dataclass(frozen=True)
class Judged:
    """What an INT8 file for CPUs achieves.

    Args:
        accuracy: of the images as they are, by backend.
        drop_middle: share of them lost on average at the middle severity of the corruptions, on
            ONNX Runtime as in the manifests.
    """

    accuracy: dict[str, float]
    drop_middle: float


def judge(run: Path, exam: Exam) -> Judged:
    """Measure a run's INT8 file as ``export`` writes it."""
    with tempfile.TemporaryDirectory() as folder:
        exported = export_checkpoint(run, Path(folder), "int8", exam.faces)
        (artifact,) = (
            each.artifact for each in exported if each.artifact.manifest.encoding == "cpu"
        )
        with get_backend("onnxruntime").load(artifact, LoadOptions()) as session:
            spoilt = measure_robustness(session, *exam.judged, BATCH, click.echo)
        with get_backend("openvino").load(artifact, LoadOptions()) as session:
            logits = predict_logits(session, exam.faces.images, BATCH)
    on_openvino = exam.examine(logits, 1.0).metrics.accuracy
    accuracy = {"openvino": round(on_openvino, 4), "onnxruntime": round(spoilt.clean, 4)}
    return Judged(accuracy, round(spoilt.drop_middle, 4))


@click.command()
@click.argument("name")
@click.option("--seed", required=True, type=int)
@click.option("--data", required=True, help="FER-2013 as zip, folder or CSV.")
@click.option("--votes", type=click.Path(path_type=Path), help="FER+ votes, where they are needed.")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs/reproduced"))
def main(name: str, seed: int, data: str, votes: Path | None, runs: Path) -> None:
    """Train, export, judge, and keep the row."""
    path = RECIPES / f"{name}.toml"
    recipe = load_recipe(path).model_copy(update={"seed": seed})
    faces = load_training_data(data, recipe, votes if recipe.labels.needs_votes else None)
    run = runs / f"{name}-{seed}"
    train(recipe, faces, run, resume=True, teachers=recipe.teacher_files(RECIPES))
    shipped = resolve_model(name).manifest
    exam = Exam.open(data, Split.PUBLIC, votes if shipped.judged_by == "ferplus" else None)
    again = judge(run, exam)
    rows: list[dict[str, Any]] = json.loads(RESULT.read_text()) if RESULT.exists() else []
    row = {
        "model": name,
        "judged_by": shipped.judged_by,
        "seed": seed,
        "shipped_sha256": shipped.sha256,
        "accuracy": again.accuracy,
        "drop_middle": again.drop_middle,
    }
    kept = [each for each in rows if (each["model"], each["seed"]) != (name, seed)]
    write_json(RESULT, [*kept, row])
    print(json.dumps(row, indent=2))


if __name__ == "__main__":
    main()
