"""The confusion matrix as a picture: who is taken for whom."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from edge_emotion.emotions import LABELS
from edge_emotion.evaluation.metrics import Metrics
from edge_emotion.plots.canvas import FONT_SIZE, canvas, name
from edge_emotion.plots.palette import INK, SERIES, SURFACE
from edge_emotion.plots.svg import inline, standalone

Counts = npt.NDArray[np.int64]

NARROWEST = 560
"""Width in pixels in which the names of the columns stand side by side."""
_SIDE = 660
_DEEPEST = 0.55
"""Opacity of a full cell: text keeps a contrast of 4.5:1 on it, on light and on dark displays."""


def confusion_plot(metrics: Metrics, subject: str) -> str:
    """An SVG file: a row for each true class, as shares of its images, with counts below.

    Args:
        metrics: what a model achieved.
        subject: which model, on what; for the title.
    """
    counts = np.array(metrics.confusion)
    figure = draw_confusion(counts, _SIDE, top=84)
    figure.text(
        12 / _SIDE, 1 - 22 / (_SIDE - 60), subject, color=INK, fontsize=13, fontweight="bold"
    )
    title = f"Confusion matrix: {subject}"
    return standalone(inline(figure, "confusion", describe_confusion(counts)), title)


def draw_confusion(counts: Counts, width: int, top: int = 50) -> Figure:
    """The matrix alone.

    Args:
        counts: (7, 7), rows are the truth, columns the answer.
        width: in pixels; below ``NARROWEST`` names of columns stand upright, and there is no room
            for counts.
        top: free pixels above it.
    """
    upright = width < NARROWEST
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = canvas(
        width, width - 60 + 24 * upright, left=92, bottom=12, top=top + 24 * upright, right=12
    )
    for row, column in np.ndindex(counts.shape):
        _draw_cell(axes, row, column, float(shares[row, column]))
        if not upright:
            _write_count(axes, row, column, int(counts[row, column]))
    axes.set_xlim(0, len(LABELS))
    axes.set_ylim(len(LABELS), 0)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    middles = np.arange(len(LABELS)) + 0.5
    axes.set_xticks(middles, LABELS, rotation=90 if upright else 0)
    axes.set_yticks(middles, LABELS)
    axes.tick_params(labelcolor=INK)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    name(axes.xaxis, "answer")
    name(axes.yaxis, "truth")
    return figure


def _draw_cell(axes: Any, row: int, column: int, share: float) -> None:
    axes.fill(
        [column, column + 1, column + 1, column],
        [row, row, row + 1, row + 1],
        facecolor=SERIES[0],
        edgecolor=SURFACE,
        linewidth=2,
        alpha=_DEEPEST * share,
    )
    weight = "bold" if row == column else "normal"
    axes.text(
        column + 0.5,
        row + 0.42,
        f"{share:.0%}".replace("%", " %"),
        color=INK,
        fontsize=FONT_SIZE + 2,
        fontweight=weight,
        ha="center",
        va="center",
    )


def _write_count(axes: Any, row: int, column: int, count: int) -> None:
    axes.text(
        column + 0.5, row + 0.7, f"{count:,}", color=INK, fontsize=FONT_SIZE - 1,
        ha="center", va="center",
    )  # fmt: skip


def describe_confusion(counts: Counts) -> str:
    """What a reader who cannot see the matrix needs to know."""
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    sentences = []
    for row, label in enumerate(LABELS):
        if not totals[row, 0]:
            sentences.append(f"{label}: no images.")
            continue
        wrong = shares[row].copy()
        wrong[row] = 0
        other = int(wrong.argmax())
        taken = f", most often taken for {LABELS[other]} ({wrong[other]:.0%})" * bool(wrong[other])
        sentences.append(f"{label}: {shares[row, row]:.0%} of {totals[row, 0]:,} right{taken}.")
    return "Share of each true class by answer. " + " ".join(sentences)
