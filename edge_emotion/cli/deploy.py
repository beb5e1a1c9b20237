"""``edge-emotion deploy``."""

from __future__ import annotations

from pathlib import Path

import click

from edge_emotion.artifact import resolve_model
from edge_emotion.cli.options import PATH, model_argument, say


@click.group("deploy")
def command() -> None:
    """Write what inference servers load."""


_out = click.option("--out", type=PATH, required=True, help="The server's folder of models.")


@command.command("triton")
@model_argument
@_out
def triton(model: str, out: Path) -> None:
    """Write MODEL into a model repository of NVIDIA Triton.

    MODEL is an ONNX file, an OpenVINO IR, a TensorRT engine, or a name. Beside the model, which
    takes gray faces, an ensemble NAME_pictures takes pictures of faces in colour, of any size.
    """
    from edge_emotion.export.serving import write_triton_repository

    names = write_triton_repository(resolve_model(model), out)
    say(f"models: {', '.join(names)}; serve them with tritonserver --model-repository={out}")
    click.echo(str(out))


@command.command("ovms")
@model_argument
@_out
def ovms(model: str, out: Path) -> None:
    """Write MODEL, an OpenVINO IR or an ONNX file, for OpenVINO Model Server."""
    from edge_emotion.export.serving import write_ovms_repository

    name = write_ovms_repository(resolve_model(model), out)
    say(f"model: {name}; mount the folder as /models, and pass --config_path /models/config.json")
    click.echo(str(out))
