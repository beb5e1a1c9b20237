"""Who is taken for whom, by the fastest row of each network that is as accurate as any of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edge_emotion.bench.accuracy import classes
from edge_emotion.bench.naming import row_name
from edge_emotion.bench.page import Picture
from edge_emotion.bench.report import Report, Result, Samples
from edge_emotion.bench.verdict import best_row
from edge_emotion.emotions import LABELS
from edge_emotion.evaluation.confusion_plot import Counts, describe_confusion, draw_confusion
from edge_emotion.plots.canvas import NARROW
from edge_emotion.plots.svg import inline

_WIDE = 600
_CAPTION = (
    "A row for each true class: the share of its images that got each answer, and where there is "
    "room, their number. The diagonal is what was recognised."
)


def confusion_pictures(report: Report, samples: Samples) -> Iterator[Picture]:
    """One for each network; none where accuracy was not measured."""
    if samples.truth is None:
        return
    truth, raw = classes(samples.truth), samples.by_row()
    for number, row in enumerate(_best_rows(report)):
        answers = raw[row.key].predictions
        if answers is not None:
            counts: Counts = np.zeros((len(LABELS), len(LABELS)), np.int64)
            np.add.at(counts, (truth, classes(answers)), 1)
            yield _picture(counts, row, number)


def _best_rows(report: Report) -> list[Result]:
    networks: dict[str | None, list[Result]] = {}
    for row in report.measured:
        networks.setdefault(report.network_of(row), []).append(row)
    return [best_row(rows) for rows in networks.values()]


def _picture(counts: Counts, row: Result, number: int) -> Picture:
    description = f"{row_name(row)}. {describe_confusion(counts)}"
    wide, narrow = (
        inline(draw_confusion(counts, width), f"confusion-{number}-{width}", description)
        for width in (_WIDE, NARROW)
    )
    return Picture(f"Who is taken for whom: {row_name(row)}", _CAPTION, wide, narrow)
