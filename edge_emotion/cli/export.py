"""``edge-emotion export``."""

from __future__ import annotations

from pathlib import Path

import click

from edge_emotion.artifact import Precision
from edge_emotion.cli.options import PATH, json_option, out_option, print_json, say


@click.command("export")
@click.argument("checkpoint", type=PATH)
@out_option
@click.option(
    "--precision",
    type=click.Choice(["int8", "fp32", "fp16"]),
    default="int8",
    show_default=True,
)
@click.option(
    "--data",
    help="FER-2013 as zip, folder or CSV: for the parity gate and to fit the temperature. "
    "Without it the gate compares on drawn faces, and the temperature stays 1.",
)
@json_option
def command(
    checkpoint: Path, out: Path, precision: Precision, data: str | None, as_json: bool
) -> None:
    """Export a CHECKPOINT to ONNX; nothing is written unless it agrees with the trained model.

    INT8 gives two files of one model: `cpu` for ONNX Runtime and OpenVINO, `tensorrt` for NVIDIA.
    """
    from edge_emotion.data import SYNTHETIC, Split, load_dataset
    from edge_emotion.export.publish import export_checkpoint

    faces = load_dataset(data or SYNTHETIC, Split.PUBLIC)
    if data is None:
        say(
            "no --data given: the parity gate compares on drawn faces, accuracy is not FER-2013's, "
            "and the temperature is not fitted"
        )
    calibration = None if data is None else faces
    exported = export_checkpoint(checkpoint, out, precision, faces, calibration)
    if as_json:
        print_json(
            [
                {
                    "path": str(each.artifact.path),
                    "manifest": each.artifact.manifest.model_dump(mode="json"),
                    "images": each.parity.images,
                    "agreement": each.parity.agreement,
                    "reference_accuracy": each.parity.reference_accuracy,
                    "accuracy": each.parity.accuracy,
                }
                for each in exported
            ]
        )
        return
    for each in exported:
        parity = each.parity
        say(
            f"{each.artifact.path.name}: agreement {parity.agreement:.2%}, "
            f"accuracy {parity.accuracy:.2%} (model {parity.reference_accuracy:.2%}) "
            f"on {parity.images} images"
        )
        click.echo(str(each.artifact.path))
