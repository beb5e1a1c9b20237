"""Make a teacher from its recipe: train, halve, measure, keep for distillations to come.

    python export/teacher.py teacher-a --data archive.zip

Writes ``teachers/NAME.safetensors``, the weights in half precision, and its manifest beside it.
A recipe names it as ``teachers = ["../teachers/NAME.safetensors"]``. Nothing here is in the wheel.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import click
import numpy as np

from edge_emotion.artifact import Manifest, publish_manifest
from edge_emotion.export.publish import torch_logits
from edge_emotion.figures import AccuracyFigure
from edge_emotion.jsonio import output_directory, sha256_of
from edge_emotion.models.checkpoint import Checkpoint
from edge_emotion.models.cost import macs, parameters
from edge_emotion.training.faces import load_training_data
from edge_emotion.training.recipe import load_recipe
from edge_emotion.training.run import train

HERE = Path(__file__).parent
TEACHERS = HERE / "teachers"


@click.command()
@click.argument("name")
@click.option("--data", required=True, help="FER-2013 as zip, folder or CSV.")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
def teacher(name: str, data: str, runs: Path) -> None:
    """Keep the teacher of export/recipes/NAME.toml."""
    recipe = load_recipe(HERE / "recipes" / f"{name}.toml")
    faces = load_training_data(data, recipe, None)
    checkpoint = train(recipe, faces, runs / name, True, recipe.teacher_files(HERE / "recipes"))
    path = output_directory(TEACHERS) / f"{name}.safetensors"
    checkpoint.as_teacher().save(path)
    network = Checkpoint.load(path).fp32_network()
    right = torch_logits(network, faces.validation.images).argmax(1) == faces.validation.labels
    figure = AccuracyFigure(
        split=faces.validation.split.value,
        images=len(faces.validation),
        accuracy=float(np.mean(right)),
        backend="torch",
    )
    manifest = Manifest(
        name=name,
        network=recipe.network,
        format="safetensors",
        precision="fp16",
        sha256=sha256_of(path),
        macs=macs(network),
        parameters=parameters(network),
        recipe=recipe.name,
        accuracy=(figure,),
        tools={tool: version(tool) for tool in ("edge-emotion", "torch", "lightning")},
    )
    publish_manifest(path, manifest)
    print(f"{path.name}: {figure.accuracy:.2%} of {figure.images} {figure.split} images")


if __name__ == "__main__":
    teacher()
