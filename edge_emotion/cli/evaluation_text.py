"""An evaluation as text on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from edge_emotion.evaluation import Examination, Metrics, Score, VoteMetrics

if TYPE_CHECKING:
    from edge_emotion.cli.evaluate import Rival
    from edge_emotion.evaluation.robustness import Robustness


def print_evaluation(
    found: Examination, rival: Rival | None, robustness: Robustness | None
) -> None:
    """Show everything that was measured, on stdout."""
    console = Console(highlight=False, soft_wrap=True)
    _print_metrics(console, found)
    if found.ferplus:
        _print_votes(console, found.ferplus)
    if rival:
        _print_rival(console, rival)
    if robustness:
        _print_robustness(console, robustness)


def _print_metrics(console: Console, found: Examination) -> None:
    metrics = found.metrics
    table = Table("class", "precision", "recall", "F1", "images")
    for label, figures in metrics.per_class.items():
        shares = (f"{value:.1%}" for value in (figures.precision, figures.recall, figures.f1))
        table.add_row(label, *shares, str(figures.support))
    console.print(table)
    console.print(f"accuracy           {_shown(metrics)}")
    console.print(f"balanced accuracy  {metrics.balanced_accuracy:.2%}")
    console.print(f"macro F1           {metrics.macro_f1:.2%}")
    console.print(
        f"calibration error  {metrics.ece:.2%} ({metrics.ece_uncalibrated:.2%} at temperature 1)"
    )
    if found.leak_free:
        console.print(f"not seen in train  {_shown(found.leak_free)}")


def _print_votes(console: Console, votes: VoteMetrics) -> None:
    if votes.eight_class:
        console.print(f"with contempt      {_shown(votes.eight_class)}")
    console.print(f"share of the votes {votes.vote_share:.2%}")
    console.print(f"labels that agree  {votes.label_agreement:.2%}")
    reasons = (f"{reason} {images:,}" for reason, images in votes.left_out.items())
    console.print(f"images left out    {', '.join(reasons).replace('_', ' ')}")


def _print_rival(console: Console, rival: Rival) -> None:
    contrast = rival.contrast
    console.print(
        f"against {rival.answers.manifest.name}: {100 * contrast.accuracy_difference:+.2f} points, "
        f"same answer on {contrast.agreement:.2%}; right alone {contrast.only_this:,} to "
        f"{contrast.only_other:,}, McNemar p = {contrast.mcnemar_p:.3g}"
    )


def _print_robustness(console: Console, robustness: Robustness) -> None:
    table = Table("corruption", "severity 1", "severity 2", "severity 3")
    for name, shares in robustness.corruptions.items():
        table.add_row(name.replace("_", " "), *(f"{share:.1%}" for share in shares))
    table.add_section()
    table.add_row("mean", *(f"{share:.1%}" for share in robustness.mean))
    console.print(table)
    console.print(
        f"clean {robustness.clean:.2%}; mean at severity 2 "
        f"{100 * robustness.drop_middle:.2f} points below"
    )


def _shown(score: Metrics | Score) -> str:
    low, high = score.accuracy_ci95
    images = f"{score.images:,} images"
    return f"{score.accuracy:.2%} (95 %: {low:.2%} to {high:.2%}) of {images}"
