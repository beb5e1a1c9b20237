"""The confusion matrix as a picture: who is taken for whom."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edge_emotion.emotions import LABELS
from edge_emotion.evaluation.metrics import Metrics
from edge_emotion.plots.canvas import FONT_SIZE, canvas, name
from edge_emotion.plots.palette import INK, SERIES, SURFACE
from edge_emotion.plots.svg import inline, standalone

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
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    figure, axes = canvas(_SIDE, _SIDE - 60, left=92, bottom=12, top=84, right=12)
    for row, column in np.ndindex(counts.shape):
        _draw_cell(axes, row, column, float(shares[row, column]), int(counts[row, column]))
    axes.set_xlim(0, len(LABELS))
    axes.set_ylim(len(LABELS), 0)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    middles = np.arange(len(LABELS)) + 0.5
    axes.set_xticks(middles, LABELS)
    axes.set_yticks(middles, LABELS)
    axes.tick_params(labelcolor=INK)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    name(axes.xaxis, "answer")
    name(axes.yaxis, "truth")
    figure.text(
        12 / _SIDE, 1 - 22 / (_SIDE - 60), subject, color=INK, fontsize=13, fontweight="bold"
    )
    title = f"Confusion matrix: {subject}"
    return standalone(inline(figure, "confusion", _description(shares, totals)), title)


def _draw_cell(axes: Any, row: int, column: int, share: float, count: int) -> None:
    axes.fill(
        [column, column + 1, column + 1, column],
        [row, row, row + 1, row + 1],
        facecolor=SERIES[0],
        edgecolor=SURFACE,
        linewidth=2,
        alpha=_DEEPEST * share,
    )
    style: dict[str, Any] = {"ha": "center", "va": "center"}
    weight = "bold" if row == column else "normal"
    axes.text(
        column + 0.5,
        row + 0.42,
        f"{share:.0%}".replace("%", " %"),
        color=INK,
        fontsize=FONT_SIZE + 2,
        fontweight=weight,
        **style,
    )
    axes.text(column + 0.5, row + 0.7, f"{count:,}", color=INK, fontsize=FONT_SIZE - 1, **style)


def _description(shares: npt.NDArray[np.float64], totals: npt.NDArray[np.int64]) -> str:
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
