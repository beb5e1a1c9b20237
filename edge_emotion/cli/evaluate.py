"""``edge-emotion evaluate``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from edge_emotion.artifact import resolve_model
from edge_emotion.cli.options import data_option, json_option, print_json, say

if TYPE_CHECKING:
    from edge_emotion.evaluation import Metrics


@click.command("evaluate")
@click.argument("model")
@data_option
@click.option(
    "--split",
    type=click.Choice(["train", "public", "private", "test"]),
    default="public",
    show_default=True,
)
@click.option("--backend", default="auto", show_default=True, help="Runtime to evaluate on.")
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads; default: all cores.")
@click.option("--batch-size", type=click.IntRange(min=1), default=64, show_default=True)
@json_option
def command(
    model: str,
    data: str,
    split: str,
    backend: str,
    threads: int | None,
    batch_size: int,
    as_json: bool,
) -> None:
    """Measure MODEL's accuracy on labelled faces, on the runtime that will run it.

    MODEL is a path to a model file or a shipped name. One forward pass per image, no averaging.
    """
    from edge_emotion.backends import LoadOptions, get_backend
    from edge_emotion.backends.auto import choose_backend
    from edge_emotion.data import Split, load_dataset
    from edge_emotion.evaluation import evaluate, predict_logits

    artifact = resolve_model(model)
    runtime = choose_backend(artifact) if backend == "auto" else get_backend(backend)
    with runtime.load(artifact, LoadOptions(threads=threads)) as session:
        faces = load_dataset(data, Split(split))
        say(f"evaluating {session.artifact.path.name} on {runtime.name}: {len(faces)} images")
        logits = predict_logits(session, faces.images, batch_size)
    manifest = session.artifact.manifest
    metrics = evaluate(logits, faces.labels, manifest.temperature)
    about = {
        "model": {
            "name": manifest.name,
            "sha256": manifest.sha256,
            "precision": manifest.precision,
        },
        "backend": runtime.name,
        "split": split,
    }
    if as_json:
        print_json(about | _document(metrics))
    else:
        _print_metrics(metrics)


def _document(metrics: Metrics) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(metrics)


def _print_metrics(metrics: Metrics) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("class", "precision", "recall", "F1", "images")
    for label, figures in metrics.per_class.items():
        shares = (f"{value:.1%}" for value in (figures.precision, figures.recall, figures.f1))
        table.add_row(label, *shares, str(figures.support))
    low, high = metrics.accuracy_ci95
    console = Console(highlight=False)
    console.print(table)
    console.print(f"accuracy           {metrics.accuracy:.2%} (95 %: {low:.2%} to {high:.2%})")
    console.print(f"balanced accuracy  {metrics.balanced_accuracy:.2%}")
    console.print(f"macro F1           {metrics.macro_f1:.2%}")
    console.print(f"calibration error  {metrics.ece:.2%}")
