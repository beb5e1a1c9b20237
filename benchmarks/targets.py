"""Whether people's votes as soft labels help on the original labels: one network, five targets.

    python benchmarks/targets.py --data archive.zip --votes ferplus_votes.csv [--runs runs/targets]

``tiny`` is trained from scratch for the same few epochs, with the same seed and augmentation,
towards FER-2013's labels; labels and votes, half each; votes alone; labels with the kept answers of
teachers that were weighed with votes (``export/answers.py``); and all that the recipe names, which
is a living teacher's answers and hints too. All are judged on the labels of PublicTest, in floating
point. A run that was stopped goes on. Writes ``results/targets.json``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from edge_emotion.evaluation import wilson_interval
from edge_emotion.jsonio import write_json
from edge_emotion.training.faces import load_training_data
from edge_emotion.training.recipe import Recipe, load_recipe
from edge_emotion.training.run import train

HERE = Path(__file__).parent
RECIPES = HERE.parent / "export" / "recipes"
RESULT = HERE / "results" / "targets.json"
ANSWERS = "../teachers/answers/first.safetensors"
TARGETS: dict[str, dict[str, Any]] = {
    "labels": {"distillation": None},
    "labels and votes": {"distillation": None, "labels": {"votes_weight": 0.5}},
    "votes": {"distillation": None, "labels": {"votes_weight": 1.0}},
    "labels and answers": {"distillation.teachers": [ANSWERS]},
    "labels, answers and hints": {"fp32.hints": load_recipe(RECIPES / "tiny.toml").fp32.hints},
}


def recipe_towards(target: str, epochs: int) -> Recipe:
    """The shipped recipe of ``tiny``, shortened, with other targets."""
    brief = {"fp32.epochs": epochs, "fp32.warmup_epochs": 1, "fp32.ema_decay": 0.998}
    name = f"tiny-{re.sub('[ ,]+', '-', target)}"
    changed = {**brief, "fp32.hints": 0.0, "int8": None, "name": name, **TARGETS[target]}
    return load_recipe(RECIPES / "tiny.toml").with_values(changed)


@click.command()
@click.option("--data", required=True, help="FER-2013 as zip, folder or CSV.")
@click.option("--votes", required=True, type=click.Path(path_type=Path), help="FER+ votes.")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs/targets"))
@click.option("--epochs", default=15, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=RESULT)
def main(data: str, votes: Path, runs: Path, epochs: int, out: Path) -> None:
    """Train towards each target, and write how well the labels are answered."""
    rows = []
    for target in TARGETS:
        recipe = recipe_towards(target, epochs)
        faces = load_training_data(data, recipe, votes if recipe.labels.needs_votes else None)
        teachers = recipe.teacher_files(RECIPES) if recipe.distillation else ()
        done = train(recipe, faces, runs / recipe.name, resume=True, teachers=teachers)
        images = len(faces.validation)
        accuracy = done.metrics["fp32"]["accuracy"]
        ends = wilson_interval(round(accuracy * images), images)
        rows.append(
            {
                "target": target,
                "accuracy": round(accuracy, 4),
                "ci95": [round(end, 4) for end in ends],
                "training_faces": len(faces.train),
            }
        )
        print(f"{target}: {accuracy:.2%}", flush=True)
    write_json(out, {"network": "tiny", "epochs": epochs, "images": images, "rows": rows})


if __name__ == "__main__":
    main()
