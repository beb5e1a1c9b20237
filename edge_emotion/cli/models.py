"""``edge-emotion models``."""

from __future__ import annotations

from typing import Any

import click

from edge_emotion.artifact import Artifact, shipped_models
from edge_emotion.cli.options import json_option, print_json, say


@click.group("models")
def command() -> None:
    """List, fetch and verify models."""


@command.command("list")
@json_option
def list_models(as_json: bool) -> None:
    """List the models that this package ships."""
    artifacts = [artifact for files in shipped_models().values() for artifact in files]
    if as_json:
        print_json({"models": [_describe(artifact) for artifact in artifacts]})
    else:
        _print_table(artifacts)


@command.command("pull")
@click.argument("name", type=click.Choice(["yunet"]))
def pull(name: str) -> None:
    """Fetch a model into the cache folder, verified by its sha256.

    `yunet` is the face detector of OpenCV's model zoo.
    """
    from edge_emotion.vision.fetch import fetch
    from edge_emotion.vision.weights import YUNET, yunet_path

    say(f"fetching {name} ({YUNET.licence}) from {YUNET.url}")
    click.echo(str(fetch(YUNET, yunet_path())))


def _describe(artifact: Artifact) -> dict[str, Any]:
    manifest = artifact.manifest
    figures = [figure.model_dump(mode="json") for figure in manifest.accuracy]
    return {
        "name": manifest.name,
        "file": artifact.path.name,
        "path": str(artifact.path),
        "network": manifest.network,
        "precision": manifest.precision,
        "format": manifest.format,
        "encoding": manifest.encoding,
        "file_bytes": artifact.file_bytes,
        "sha256": manifest.sha256,
        "macs": manifest.macs,
        "parameters": manifest.parameters,
        "accuracy": figures[0]["accuracy"] if figures else None,
        "accuracy_figures": figures,
    }


def _print_table(artifacts: list[Artifact]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "file", "precision", "kB", "MMACs", "accuracy")
    for artifact in artifacts:
        manifest = artifact.manifest
        measured = [
            f"{figure.accuracy:.2%} ({figure.split}, {figure.labels}, {figure.images} images)"
            for figure in manifest.accuracy
        ]
        table.add_row(
            manifest.name,
            artifact.path.name,
            manifest.precision,
            f"{artifact.file_bytes / 1000:.0f}",
            f"{manifest.macs / 1e6:.1f}",
            ", ".join(measured) or "not measured",
        )
    Console().print(table)
