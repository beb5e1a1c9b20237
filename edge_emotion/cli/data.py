"""``edge-emotion data``: look into a dataset before training on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_emotion.cli.options import PATH, json_option, print_json, say
from edge_emotion.emotions import FACE_SIZE, LABELS
from edge_emotion.jsonio import output_directory, write_json, write_text

if TYPE_CHECKING:
    from rich.table import Table

    from edge_emotion.data import DatasetSummary
    from edge_emotion.data.audit import Audit

_SIZES_SHOWN = 5
_BLANK_SHOWN = 5


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


@command.command()
@click.argument("path")
@click.option("--out", type=PATH, help="Folder for audit.json and the contact sheet audit.html.")
@json_option
def audit(path: str, out: Path | None, as_json: bool) -> None:
    """Find duplicates, contradictory labels, leaks between splits and blank images in PATH."""
    from rich.console import Console

    from edge_emotion.data import audit as audits

    folder = None if out is None else output_directory(out)
    found = audits.audit(path)
    document = found.document()
    if folder is not None:
        from edge_emotion.data.contact_sheet import render_sheet

        write_json(folder / "audit.json", document)
        write_text(folder / "audit.html", render_sheet(found))
        say(f"wrote {folder / 'audit.json'} and {folder / 'audit.html'}")
    if as_json:
        print_json(document)
        return
    console = Console()
    console.print(_repeats_table(found))
    for line in _audit_notes(found):
        console.print(line, highlight=False)


def _repeats_table(found: Audit) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"{found.source} · sha256 {found.sha256[:12]}"))
    for name in ("split", "likeness"):
        table.add_column(name)
    for name in ("groups", "images", "groups with several labels"):
        table.add_column(name, justify="right")
    for split, near in found.near.items():
        for kind, figures in (("identical", found.identical[split]), ("near or identical", near)):
            counts = (figures.groups, figures.images, figures.contradictory)
            table.add_row(split.value, kind, *(f"{count:,}" for count in counts))
    return table


def _audit_notes(found: Audit) -> list[str]:
    from edge_emotion.data.audit import imbalance
    from edge_emotion.data.summary import class_counts

    notes = [
        f"{leak.split.value} in {leak.other.value}: of {leak.images:,} images {leak.identical:,} "
        f"are identical, {leak.near:,} near or identical"
        for leak in found.leaks
    ]
    for split, counts in class_counts(found.table).items():
        ratio = imbalance(counts)
        shown = (
            "a class has no images" if ratio is None else f"largest class {ratio:.1f} × smallest"
        )
        notes.append(f"{split.value}: {sum(counts):,} images, {shown}")
    blank = [found.table.paths[row] for row in found.blank.nonzero()[0]]
    more = ", …" if len(blank) > _BLANK_SHOWN else ""
    notes.append(
        f"blank images: {len(blank)}" + f" ({', '.join(blank[:_BLANK_SHOWN])}{more})" * bool(blank)
    )
    return notes


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
