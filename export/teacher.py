"""Make a teacher from its recipe: train, shrink, measure, keep for distillations to come.

    python export/teacher.py teacher-a --data archive.zip

Writes ``teachers/NAME.safetensors``, the weights in half precision, and its manifest beside it; of
a recipe with an INT8 phase ``teachers/NAME.cpu.onnx``, which is half as large.
A recipe names it as ``teachers = ["../teachers/NAME.safetensors"]``. Nothing here is in the wheel.
"""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path

import click
import numpy as np

from edge_emotion.artifact import Artifact, Manifest, publish_manifest
from edge_emotion.data import FaceSet
from edge_emotion.export.publish import export_checkpoint, torch_logits
from edge_emotion.figures import AccuracyFigure
from edge_emotion.jsonio import output_directory, sha256_of, write_bytes
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
    run = runs / name
    checkpoint = train(recipe, faces, run, True, recipe.teacher_files(HERE / "recipes"))
    output_directory(TEACHERS)
    kept = (
        keep_weights(name, checkpoint, faces.validation)
        if recipe.int8 is None
        else keep_quantised(run, faces.validation)
    )
    figure = kept.manifest.accuracy[0]
    print(f"{kept.path.name}: {figure.accuracy:.2%} of {figure.images} {figure.split} images")


def keep_weights(name: str, checkpoint: Checkpoint, judged: FaceSet) -> Artifact:
    """The floating-point weights in half precision."""
    path = TEACHERS / f"{name}.safetensors"
    checkpoint.as_teacher().save(path)
    network = Checkpoint.load(path).fp32_network()
    figure = AccuracyFigure(
        split=judged.split.value,
        images=len(judged),
        accuracy=float(np.mean(torch_logits(network, judged.images).argmax(1) == judged.labels)),
        backend="torch",
    )
    manifest = Manifest(
        name=name,
        network=checkpoint.network,
        format="safetensors",
        precision="fp16",
        sha256=sha256_of(path),
        macs=macs(network),
        parameters=parameters(network),
        recipe=str(checkpoint.recipe["name"]),
        accuracy=(figure,),
        tools={tool: version(tool) for tool in ("edge-emotion", "torch", "lightning")},
    )
    return publish_manifest(path, manifest)


def keep_quantised(run: Path, judged: FaceSet) -> Artifact:
    """The file for processors, as models ship, behind the parity gate."""
    with tempfile.TemporaryDirectory() as folder:
        exported = export_checkpoint(run, Path(folder), "int8", judged)
        (kept,) = [e.artifact for e in exported if e.artifact.manifest.encoding == "cpu"]
        path = TEACHERS / kept.path.name
        write_bytes(path, kept.path.read_bytes())
        return publish_manifest(path, kept.manifest)


if __name__ == "__main__":
    teacher()
