"""Agreement and recognition as text, the same in every rendering of a report."""

from __future__ import annotations

from edge_emotion.bench.agreement import Answering, Recognition
from edge_emotion.bench.naming import backend_name, percent
from edge_emotion.bench.report import Report
from edge_emotion.bench.table import ABSENT, Column, TextTable
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
            _name(pair.one),
            _name(pair.other),
            percent(pair.agreement),
            str(pair.only_one),
            str(pair.only_other),
            f"{pair.mcnemar_p:.2g}",
        )
        for pair in report.agreements
    ]


def _recall_rows(report: Report) -> list[tuple[str, ...]]:
    """Every model on every backend."""
    return [
        (
            _model(who),
            backend_name(who.backend),
            *(_recall(who, _reference(report, who), label) for label in LABELS),
        )
        for who in report.recognition
    ]


def _name(who: Answering) -> str:
    return f"{_model(who)} · {backend_name(who.backend)}"


def _model(who: Answering) -> str:
    return who.model if who.precision in who.model.lower() else f"{who.model} {who.precision}"


def _reference(report: Report, who: Recognition) -> Recognition | None:
    """The FP32 answers of the same network on the same backend."""
    network = report.network_named(who.model)
    for other in report.recognition:
        same = other.backend == who.backend and report.network_named(other.model) == network
        if same and other.precision == "fp32" and who.precision != "fp32":
            return other
    return None


def _recall(who: Recognition, reference: Recognition | None, label: str) -> str:
    if label not in who.recall:
        return ABSENT
    share = percent(who.recall[label])
    if reference is None:
        return share
    difference = round(100 * (who.recall[label] - reference.recall[label]), 1)
    return f"{share} ({difference:+.1f})".replace("-", "\N{MINUS SIGN}")
