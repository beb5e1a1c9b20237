"""``edge-emotion predict``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_emotion.cli.options import (
    PATH,
    detector_size_option,
    json_option,
    model_option,
    print_json,
)

if TYPE_CHECKING:
    from edge_emotion.inference import FaceEmotion


@click.command("predict")
@click.argument("images", nargs=-1, required=True, type=PATH)
@model_option
@click.option("--backend", default="auto", show_default=True, help="Runtime to classify with.")
@click.option("--detector", default="auto", show_default=True, help="yunet, haar, none or auto.")
@detector_size_option
@json_option
def command(
    images: tuple[Path, ...],
    model: str,
    backend: str,
    detector: str,
    detector_size: int | None,
    as_json: bool,
) -> None:
    """Find the faces of IMAGES and read their emotions."""
    from edge_emotion.inference import FacePipeline
    from edge_emotion.vision import THOROUGH
    from edge_emotion.vision.image import read_image

    with FacePipeline(model, backend, detector, detector_size or THOROUGH) as pipeline:
        results = []
        for path in images:
            picture = read_image(path)
            results.append(_describe(path, picture.shape, pipeline(picture)))
        manifest = pipeline.classifier.manifest
        document = {
            "model": {
                "name": manifest.name,
                "sha256": manifest.sha256,
                "precision": manifest.precision,
            },
            "backend": pipeline.classifier.info().backend,
            "detector": pipeline.detector.name,
            "images": results,
        }
    if as_json:
        print_json(document)
    else:
        _print_table(results)


def _describe(path: Path, shape: tuple[int, ...], faces: list[FaceEmotion]) -> dict[str, Any]:
    return {
        "path": str(path),
        "width": shape[1],
        "height": shape[0],
        "faces": [
            {
                "box": [face.box.x, face.box.y, face.box.width, face.box.height],
                "score": face.box.score,
                "emotion": face.emotion.value,
                "probability": face.probability,
                "probabilities": {key.value: value for key, value in face.probabilities.items()},
            }
            for face in faces
        ],
    }


def _print_table(images: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("image", "face", "emotion", "probability", "next")
    for image in images:
        for face in image["faces"]:
            box = face["box"]
            ranked = sorted(face["probabilities"].items(), key=lambda item: -item[1])
            second, share = ranked[1]
            table.add_row(
                image["path"],
                f"{box[2]}×{box[3]} at {box[0]}, {box[1]}",
                face["emotion"],
                f"{face['probability']:.0%}",
                f"{second} {share:.0%}",
            )
        if not image["faces"]:
            table.add_row(image["path"], "none found", "", "", "")
    Console().print(table)
