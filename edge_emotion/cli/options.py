"""Options that several commands share, and how a command prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from edge_emotion.artifact import DEFAULT_MODEL, shipped_models

PATH = click.Path(path_type=Path)


def complete_model(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """What a shell offers for a MODEL: shipped names that begin so, else files."""
    names = [CompletionItem(name) for name in shipped_models() if name.startswith(begun)]
    return names or [CompletionItem(begun, type="file")]


data_option = click.option(
    "--data", required=True, help="FER-2013: zip, folder or CSV; or 'synthetic'."
)
out_option = click.option("--out", type=PATH, required=True, help="Folder for the results.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
model_argument = click.argument("model", shell_complete=complete_model)
model_option = click.option(
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    shell_complete=complete_model,
    help="Model file or shipped name.",
)
detector_size_option = click.option(
    "--detector-size",
    type=click.IntRange(min=64),
    help="Longest side in pixels that pictures are scaled down to before faces are looked for: "
    "smaller is faster, larger finds smaller faces.  [default: 448 of video, 640 of pictures]",
)


def print_json(document: Any) -> None:
    """Print one JSON document on stdout."""
    click.echo(json.dumps(document, indent=2, allow_nan=False))


def say(message: str) -> None:
    """Print one line of progress on stderr."""
    click.echo(message, err=True)
