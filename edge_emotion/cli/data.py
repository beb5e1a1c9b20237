"""``edge-emotion data``: look into a dataset before training on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from edge_emotion.cli.options import json_option, print_json
from edge_emotion.emotions import FACE_SIZE, LABELS

if TYPE_CHECKING:
    from rich.table import Table

    from edge_emotion.data import DatasetSummary

_SIZES_SHOWN = 5


@click.group()
def command() -> None:
    """Look into FER-2013 in any of its layouts."""


@command.command()
@click.argument("path")
@json_option
def summary(path: str, as_json: bool) -> None:
    """Count the faces of each class and split in PATH: zip, folder, CSV, or 'synthetic'."""
    from rich.console import Console

    from edge_emotion.data import summarise

    found = summarise(path)
    if as_json:
        print_json(found.document())
        return
    console = Console()
    console.print(_class_table(found))
    for line in _picture_notes(found):
        console.print(line, highlight=False)


def _class_table(found: DatasetSummary) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"{found.source} · sha256 {found.sha256[:12]}"))
    table.add_column("class")
    for split in found.splits:
        table.add_column(split.value, justify="right")
        table.add_column("%", justify="right")
    for index, label in enumerate(LABELS):
        cells = ((counts[index], sum(counts)) for counts in found.splits.values())
        table.add_row(
            label,
            *(text for count, total in cells for text in (f"{count:,}", f"{count / total:.1%}")),
            end_section=index == len(LABELS) - 1,
        )
    totals = (sum(counts) for counts in found.splits.values())
    table.add_row("all", *(text for total in totals for text in (f"{total:,}", "100.0%")))
    return table


def _picture_notes(found: DatasetSummary) -> list[str]:
    images = sum(found.sizes.values())
    resized = images - found.sizes.get((FACE_SIZE, FACE_SIZE), 0)
    sizes = [f"{width}×{height}: {count:,}" for (width, height), count in found.sizes.items()]
    more = f", and {len(sizes) - _SIZES_SHOWN} more" if len(sizes) > _SIZES_SHOWN else ""
    notes = [f"picture sizes: {', '.join(sizes[:_SIZES_SHOWN])}{more}"]
    if resized:
        notes.append(f"{resized:,} of {images:,} are resized to {FACE_SIZE}×{FACE_SIZE} when read")
    if found.colour:
        notes.append(f"{found.colour:,} of {images:,} are converted from colour to grayscale")
    return notes
