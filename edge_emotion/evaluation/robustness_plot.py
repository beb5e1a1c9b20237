"""Accuracy under each corruption as a picture."""

from __future__ import annotations

from typing import Any

from edge_emotion.evaluation.corruptions import SEVERITIES
from edge_emotion.evaluation.robustness import BySeverity, Robustness
from edge_emotion.plots.canvas import FONT_SIZE, WIDE, canvas, name
from edge_emotion.plots.palette import INK, MUTED, RULE, SERIES, SURFACE
from edge_emotion.plots.svg import inline, standalone

_ROW = 40
_LEFT, _BOTTOM, _TOP, _RIGHT = 116, 44, 66, 20
_DISC = 14
"""Diameter of a severity's disc in pixels; its number stands inside."""
_DODGE = 0.24
"""How far the severities of a row stand apart, in rows."""


def robustness_plot(robustness: Robustness, subject: str) -> str:
    """An SVG file: a row for each corruption, with a disc for each severity.

    Args:
        robustness: what a model achieved.
        subject: which model, on what; for the title.
    """
    rows = {label.replace("_", " "): each for label, each in robustness.corruptions.items()}
    rows["mean"] = robustness.mean
    height = _TOP + _BOTTOM + _ROW * len(rows)
    figure, axes = canvas(WIDE, height, left=_LEFT, bottom=_BOTTOM, top=_TOP, right=_RIGHT)
    low = min(min(shares) for shares in rows.values())
    high = max(robustness.clean, *(max(shares) for shares in rows.values()))
    margin = max(0.06 * (high - low), 0.005)
    axes.set_xlim(100 * (low - margin), 100 * (high + margin))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.tick_params(axis="y", labelcolor=INK)
    axes.grid(axis="x", color=RULE, linewidth=0.8)
    name(axes.xaxis, "accuracy, %")
    axes.axvline(100 * robustness.clean, color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)))
    for position, shares in enumerate(rows.values()):
        _draw_row(axes, position, shares, mean=position == len(rows) - 1)
    _write_head(figure, height, robustness, subject)
    picture = inline(figure, "robustness", _description(robustness))
    return standalone(picture, f"Robustness: {subject}")


def _draw_row(axes: Any, position: int, shares: BySeverity, *, mean: bool) -> None:
    colour = SERIES[1] if mean else SERIES[0]
    # One above the other, as the mild ones may lie in one place.
    heights = [position + _DODGE * (severity - 2) for severity in SEVERITIES]
    percents = [100 * share for share in shares]
    axes.plot(percents, heights, color=colour, linewidth=1.4, alpha=0.5, zorder=2)
    for severity, x, y in zip(SEVERITIES, percents, heights, strict=True):
        axes.plot(
            [x],
            [y],
            marker="o",
            markersize=_DISC,
            markerfacecolor=SURFACE,
            markeredgecolor=colour,
            markeredgewidth=1.5,
            zorder=3,
        )
        axes.annotate(
            str(severity),
            (x, y),
            color=colour,
            fontsize=FONT_SIZE - 1,
            ha="center",
            va="center_baseline",
        )


def _write_head(figure: Any, height: int, robustness: Robustness, subject: str) -> None:
    figure.text(
        12 / WIDE, 1 - 22 / height, subject, color=INK, fontsize=FONT_SIZE + 2, fontweight="bold"
    )
    legend = (
        f"Discs: severity 1 (hardly visible), 2 (an ordinary bad day), 3 (hard). "
        f"Dashed: clean, {robustness.clean:.1%}".replace("%", " %")
    )
    figure.text(12 / WIDE, 1 - 44 / height, legend, color=MUTED, fontsize=FONT_SIZE)


def _description(robustness: Robustness) -> str:
    rows = robustness.corruptions | {"mean": robustness.mean}
    sentences = [
        f"{label.replace('_', ' ')}: {', '.join(f'{share:.1%}' for share in shares)}."
        for label, shares in rows.items()
    ]
    return f"Accuracy at severity 1, 2 and 3; clean images: {robustness.clean:.1%}. " + " ".join(
        sentences
    )
