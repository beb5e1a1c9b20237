"""``edge-emotion compile``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_emotion.artifact import resolve_model
from edge_emotion.cli.options import json_option, out_option, print_json
from edge_emotion.errors import UsageError

if TYPE_CHECKING:
    from edge_emotion.export.audit import Compiled


@click.command("compile")
@click.argument("model")
@click.option("--target", type=click.Choice(["openvino", "tensorrt"]), required=True)
@out_option
@click.option(
    "--compute-capability",
    "capabilities",
    multiple=True,
    metavar="X.Y",
    help="GPU to build an engine for; repeat it for several. Default: the GPU here.",
)
@json_option
def command(
    model: str, target: str, out: Path, capabilities: tuple[str, ...], as_json: bool
) -> None:
    """Compile an ONNX MODEL for one target, and show what each of its layers computes in.

    MODEL is a path to an .onnx file or a shipped name. TensorRT-RTX builds engines without a GPU;
    TensorRT builds for the GPU it runs on.
    """
    if capabilities and target != "tensorrt":
        raise UsageError(f"--compute-capability has no meaning for {target}", "leave it out")
    compiled = _compile(model, target, out, capabilities)
    if as_json:
        print_json(_document(compiled, target))
    else:
        _print_audit(compiled)


def _compile(model: str, target: str, out: Path, capabilities: tuple[str, ...]) -> Compiled:
    from edge_emotion.export import compile as targets

    artifact = resolve_model(model)
    if target == "openvino":
        return targets.compile_openvino(artifact, out)
    return targets.compile_tensorrt(artifact, out, capabilities)


def _document(compiled: Compiled, target: str) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "path": str(compiled.artifact.path),
        "target": target,
        "file_bytes": compiled.artifact.file_bytes,
        "manifest": compiled.artifact.manifest.model_dump(mode="json"),
        "precision": compiled.precision,
        "not_int8": [layer.name for layer in compiled.not_int8],
        "layers": [asdict(layer) for layer in compiled.layers],
    }


def _print_audit(compiled: Compiled) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("layer", "does", "precision", title="Precision audit")
    for layer in compiled.layers:
        style = "" if layer.computes else "dim"
        table.add_row(layer.name, layer.kind, layer.precision, style=style)
    console = Console(stderr=True)
    console.print(table)
    counts = ", ".join(f"{count} in {name}" for name, count in compiled.precision.items())
    console.print(
        f"compute layers: {counts}; {len(compiled.not_int8)} not in int8", highlight=False
    )
    click.echo(str(compiled.artifact.path))
