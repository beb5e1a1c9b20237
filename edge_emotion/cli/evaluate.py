"""``edge-emotion evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_emotion.artifact import resolve_model
from edge_emotion.cli.options import PATH, data_option, json_option, print_json, say
from edge_emotion.errors import UsageError

if TYPE_CHECKING:
    from edge_emotion.evaluation import Examination, Metrics, Score


@click.command("evaluate")
@click.argument("model")
@data_option
@click.option(
    "--split",
    type=click.Choice(["train", "public", "private", "test"]),
    default="public",
    show_default=True,
)
@click.option(
    "--labels",
    type=click.Choice(["fer2013", "ferplus"]),
    default="fer2013",
    show_default=True,
    help="The dataset's own labels, or the majority of FER+ votes.",
)
@click.option(
    "--votes",
    "votes_file",
    type=PATH,
    help="FER+ votes (fer2013new.csv, or by path), for --labels ferplus.",
)
@click.option("--backend", default="auto", show_default=True, help="Runtime to evaluate on.")
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads; default: all cores.")
@click.option("--batch-size", type=click.IntRange(min=1), default=64, show_default=True)
@json_option
def command(
    model: str,
    data: str,
    split: str,
    labels: str,
    votes_file: Path | None,
    backend: str,
    threads: int | None,
    batch_size: int,
    as_json: bool,
) -> None:
    """Measure MODEL's accuracy on labelled faces, on the runtime that will run it.

    MODEL is a path to a model file or a shipped name. One forward pass per image, no averaging.
    Accuracy is given for all images, and for those that do not stand in the training split too.
    """
    from edge_emotion.backends import LoadOptions, get_backend
    from edge_emotion.backends.auto import choose_backend
    from edge_emotion.data import Split
    from edge_emotion.data.ballots import read_votes
    from edge_emotion.data.leaks import seen_in_training
    from edge_emotion.data.source import choose_split, read_source
    from edge_emotion.evaluation import examine, predict_logits

    if (labels == "ferplus") != (votes_file is not None):
        raise UsageError("--labels ferplus and --votes belong together", "give both or neither")
    artifact = resolve_model(model)
    runtime = choose_backend(artifact, threads) if backend == "auto" else get_backend(backend)
    with runtime.load(artifact, LoadOptions(threads=threads, mode="throughput")) as session:
        table, sha256 = read_source(data)
        faces = choose_split(table, sha256, Split(split), data)
        votes = None if votes_file is None else read_votes(votes_file).on(faces)
        say(f"evaluating {session.artifact.path.name} on {runtime.name}: {len(faces)} images")
        logits = predict_logits(session, faces.images, batch_size)
    manifest = session.artifact.manifest
    seen = seen_in_training(table, faces.split)
    found = examine(logits, faces.labels, manifest.temperature, seen, votes)
    if as_json:
        about = {
            "model": {
                "name": manifest.name,
                "sha256": manifest.sha256,
                "precision": manifest.precision,
            },
            "backend": runtime.name,
            "split": split,
            "labels": labels,
        }
        print_json(about | _document(found))
    else:
        _print_metrics(found.metrics)
        _print_more(found)


def _document(found: Examination) -> dict[str, Any]:
    from dataclasses import asdict

    document = asdict(found)
    metrics: dict[str, Any] = document.pop("metrics")
    return metrics | document


def _print_metrics(metrics: Metrics) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("class", "precision", "recall", "F1", "images")
    for label, figures in metrics.per_class.items():
        shares = (f"{value:.1%}" for value in (figures.precision, figures.recall, figures.f1))
        table.add_row(label, *shares, str(figures.support))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"accuracy           {_shown(metrics)}")
    console.print(f"balanced accuracy  {metrics.balanced_accuracy:.2%}")
    console.print(f"macro F1           {metrics.macro_f1:.2%}")
    console.print(f"calibration error  {metrics.ece:.2%}")


def _print_more(found: Examination) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    if found.leak_free:
        console.print(f"not seen in train  {_shown(found.leak_free)}")
    if found.ferplus is None:
        return
    if found.ferplus.eight_class:
        console.print(f"with contempt      {_shown(found.ferplus.eight_class)}")
    console.print(f"share of the votes {found.ferplus.vote_share:.2%}")
    console.print(f"labels that agree  {found.ferplus.label_agreement:.2%}")
    reasons = (f"{reason} {images:,}" for reason, images in found.ferplus.left_out.items())
    console.print(f"images left out    {', '.join(reasons).replace('_', ' ')}")


def _shown(score: Metrics | Score) -> str:
    low, high = score.accuracy_ci95
    images = f"{score.images:,} images"
    return f"{score.accuracy:.2%} (95 %: {low:.2%} to {high:.2%}) of {images}"
