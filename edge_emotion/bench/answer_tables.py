"""Agreement and recognition as text, the same in every rendering of a report."""

from __future__ import annotations

from edge_emotion.bench.agreement import Answering
from edge_emotion.bench.naming import backend_name, model_name, percent, row_name
from edge_emotion.bench.report import Report, Result
from edge_emotion.bench.table import ABSENT, Column, TextTable
from edge_emotion.bench.verdict import fp32_of
from edge_emotion.emotions import LABELS

_AGREEMENT = (
    Column("one", figures=False),
    Column("other", figures=False),
    Column("same answer"),
    Column("one alone right"),
    Column("other alone right"),
    Column("McNemar p"),
)
_RECALL = (
    Column("model", figures=False),
    Column("backend", figures=False),
    *(Column(label) for label in LABELS),
)


def answer_tables(report: Report) -> list[TextTable]:
    """How rows differ in what they answer."""
    return [
        TextTable(
            "Recognised by class",
            _RECALL,
            _recall_rows(report),
            "Share of each class's images that are recognised; in brackets the difference in "
            "points from the same network in FP32 on the same backend.",
        ),
        TextTable(
            "Agreement",
            _AGREEMENT,
            _agreement_rows(report),
            "The same images in all; p is of the exact McNemar test: small where one is really "
            "better.",
        ),
    ]


def _agreement_rows(report: Report) -> list[tuple[str, ...]]:
    """Every pair."""
    return [
        (
            row_name(_row(report, pair.one)),
            row_name(_row(report, pair.other)),
            percent(pair.agreement),
            str(pair.only_one),
            str(pair.only_other),
            f"{pair.mcnemar_p:.2g}",
        )
        for pair in report.agreements
    ]


def _recall_rows(report: Report) -> list[tuple[str, ...]]:
    """Every model on every backend."""
    recalls = {_row(report, who).key: who.recall for who in report.recognition}
    rows = []
    for who in report.recognition:
        row = _row(report, who)
        fp32 = fp32_of(report, row)
        reference = recalls.get(fp32.key, {}) if fp32 else {}
        shares = (_share(who.recall.get(label), reference.get(label)) for label in LABELS)
        rows.append((model_name(row), backend_name(row.backend), *shares))
    return rows


def _row(report: Report, who: Answering) -> Result:
    """The first of its rows, which has the names of all of them."""
    key = (who.model, who.precision, who.backend)
    return next(row for row in report.measured if row.key[:3] == key)


def _share(recall: float | None, reference: float | None) -> str:
    if recall is None:
        return ABSENT
    if reference is None:
        return percent(recall)
    difference = f"{100 * (recall - reference):+.1f}".replace("-", "\N{MINUS SIGN}")
    return f"{percent(recall)} ({difference})"
