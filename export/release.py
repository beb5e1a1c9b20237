"""Make a shipped model from its recipe: train, quantise, export, verify, stamp, publish.

    python export/release.py small --data archive.zip

Trains where the run folder holds no finished run (and resumes one that was interrupted), exports
behind the parity gate, measures every published file as ``stamp.py`` does, checks that it still
compiles for OpenVINO and TensorRT, writes the figures into the manifests and puts files, manifests
and model card into the package's assets.
"""

from __future__ import annotations

import importlib.util
import json
import tempfile
from pathlib import Path

import click
from card import ASSETS, RECIPES, write_card
from stamp import stamp

from edge_emotion.artifact import Artifact, publish_manifest
from edge_emotion.export.compile import compile_openvino, compile_tensorrt
from edge_emotion.export.publish import export_checkpoint
from edge_emotion.jsonio import write_bytes, write_json
from edge_emotion.training.faces import load_training_data
from edge_emotion.training.recipe import load_recipe
from edge_emotion.training.run import train

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"


@click.command()
@click.argument("name")
@click.option("--data", required=True, help="FER-2013 as zip, folder or CSV.")
@click.option(
    "--votes",
    type=click.Path(path_type=Path),
    help="FER+ votes: accuracy by people's majority too; needed for a recipe that uses them.",
)
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
def release(name: str, data: str, votes: Path | None, runs: Path) -> None:
    """Publish the model of export/recipes/NAME.toml."""
    recipe = load_recipe(RECIPES / f"{name}.toml")
    faces = load_training_data(data, recipe, votes if recipe.labels.needs_votes else None)
    run = runs / name
    teachers = recipe.teacher_files(RECIPES)
    checkpoint = train(recipe, faces, run, True, teachers)
    with tempfile.TemporaryDirectory() as folder:
        staging = Path(folder)
        exported = [
            *export_checkpoint(run, staging, "int8", faces.validation),
            *export_checkpoint(run, staging, "fp32", faces.validation),
        ]
        for each in exported:
            print(f"{each.artifact.path.name}: agreement {each.parity.agreement:.2%}")
        artifacts = [each.artifact for each in exported]
        stamped = [
            publish_manifest(artifact.path, manifest)
            for artifact, manifest in zip(artifacts, stamp(artifacts, data, votes), strict=True)
        ]
        prove_compilable(stamped, staging / "compiled")
        publish(stamped)
    write_card(name, ASSETS)
    write_json(RESULTS / f"training-{name}.json", checkpoint.metrics)


def prove_compilable(artifacts: list[Artifact], out: Path) -> None:
    """Compile the INT8 files, and refuse a release in which OpenVINO runs a layer in float."""
    for artifact in artifacts:
        if artifact.manifest.encoding == "cpu":
            compiled = compile_openvino(artifact, out)
            if compiled.not_int8:
                raise click.ClickException(f"OpenVINO runs {compiled.not_int8} outside INT8")
        if artifact.manifest.encoding == "tensorrt" and importlib.util.find_spec("tensorrt_rtx"):
            compile_tensorrt(artifact, out, ("8.6", "8.9"))


def publish(artifacts: list[Artifact]) -> None:
    """Copy model files and manifests into the package, manifests last."""
    for artifact in artifacts:
        target = ASSETS / artifact.path.name
        write_bytes(target, artifact.path.read_bytes())
        publish_manifest(target, artifact.manifest)
        print(json.dumps({"published": target.name, "bytes": target.stat().st_size}))


if __name__ == "__main__":
    release()
