"""``edge-emotion compile``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_emotion.artifact import HardwareCompatibility, resolve_model
from edge_emotion.cli.options import json_option, model_argument, out_option, print_json
from edge_emotion.errors import UsageError

if TYPE_CHECKING:
    from edge_emotion.export.audit import Compiled
    from edge_emotion.export.openvino import Pixels


@click.command("compile")
@model_argument
@click.option("--target", type=click.Choice(["openvino", "tensorrt"]), required=True)
@out_option
@click.option(
    "--compute-capability",
    "capabilities",
    multiple=True,
    metavar="X.Y",
    help="GPU to build an engine for; repeat it for several. Default: the GPU here.",
)
@click.option(
    "--version-compatible",
    is_flag=True,
    help="Also run on newer TensorRT versions: the engine then carries code, which is slower.",
)
@click.option(
    "--hardware-compatibility",
    type=click.Choice(["none", "ampere+", "same-cc"]),
    default="none",
    show_default=True,
    help="Also run on every GPU from Ampere on, or of the same compute capability. Slower.",
)
@click.option(
    "--input",
    "pixels",
    type=click.Choice(["gray", "bgr"]),
    default="gray",
    show_default=True,
    help="What an OpenVINO IR takes; bgr is a camera's pixels, for programs that use model_api.",
)
@json_option
def command(
    model: str,
    target: str,
    out: Path,
    capabilities: tuple[str, ...],
    version_compatible: bool,
    hardware_compatibility: HardwareCompatibility,
    pixels: Pixels,
    as_json: bool,
) -> None:
    """Compile an ONNX MODEL for one target, and show what each of its layers computes in.

    MODEL is a path to an .onnx file or a shipped name. TensorRT-RTX builds one engine for several
    GPUs, and needs none; TensorRT builds for the GPU it runs on, and knows the two compatibilities.
    """
    for_gpus = {
        "--compute-capability": bool(capabilities),
        "--version-compatible": version_compatible,
        "--hardware-compatibility": hardware_compatibility != "none",
    }
    given = [option for option, was_given in for_gpus.items() if was_given]
    if given and target != "tensorrt":
        raise UsageError(f"{given[0]} has no meaning for {target}", "leave it out")
    if pixels != "gray" and target != "openvino":
        raise UsageError(f"--input {pixels} has no meaning for {target}", "leave it out")
    if target == "openvino":
        compiled = _for_openvino(model, out, pixels)
    else:
        compiled = _for_tensorrt(
            model, out, capabilities, version_compatible, hardware_compatibility
        )
    if as_json:
        print_json(_document(compiled, target))
    else:
        _print_audit(compiled)


def _for_openvino(model: str, out: Path, pixels: Pixels) -> Compiled:
    from edge_emotion.export.compile import compile_openvino

    return compile_openvino(resolve_model(model), out, pixels)


def _for_tensorrt(
    model: str,
    out: Path,
    capabilities: tuple[str, ...],
    version_compatible: bool,
    hardware_compatibility: HardwareCompatibility,
) -> Compiled:
    from edge_emotion.export.compile import Compatibility, compile_tensorrt

    compatibility = Compatibility(version_compatible, hardware_compatibility)
    return compile_tensorrt(resolve_model(model), out, capabilities, compatibility)


def _document(compiled: Compiled, target: str) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "path": str(compiled.artifact.path),
        "target": target,
        "file_bytes": compiled.artifact.file_bytes,
        "manifest": compiled.artifact.manifest.model_dump(mode="json"),
        "precision": compiled.precision,
        "not_int8": [layer.name for layer in compiled.not_int8],
        "conversions": [layer.name for layer in compiled.conversions],
        "layers": [asdict(layer) for layer in compiled.layers],
    }


def _print_audit(compiled: Compiled) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("layer", "does", "precision", "role", title="Precision audit")
    for layer in compiled.layers:
        style = "" if layer.computes else "dim"
        table.add_row(layer.name, layer.kind, layer.precision, layer.role, style=style)
    console = Console(stderr=True)
    console.print(table)
    counts = ", ".join(f"{count} in {name}" for name, count in compiled.precision.items())
    console.print(
        f"compute layers: {counts}; {len(compiled.not_int8)} not in int8; "
        f"conversions: {len(compiled.conversions)}",
        highlight=False,
    )
    click.echo(str(compiled.artifact.path))
