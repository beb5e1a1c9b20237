"""The precision audits of a report as text, rows with the same audit together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge_emotion.bench.audit import AuditedLayer
from edge_emotion.bench.naming import row_name
from edge_emotion.bench.report import Report


@dataclass(frozen=True)
class AuditLines:
    """What is told of the rows of one audit.

    Attributes:
        rows: their names.
        summary: one line.
        layers: a line for every layer that the summary counts.
    """

    rows: str
    summary: str
    layers: tuple[str, ...]


def audit_lines(report: Report) -> list[AuditLines]:
    """Every audit of the report once; rows whose runtime lists no layers are left out."""
    shared: dict[tuple[str, ...], dict[str, None]] = {}
    for row in report.measured:
        if row.audit is not None:
            floats = _count(row.audit.not_int8, "layer")
            conversions = _count(row.audit.conversions, "conversion")
            content = (
                f"{floats} not in INT8, {conversions}",
                *(f"{_named(layer)}: not INT8" for layer in row.audit.not_int8),
                *(f"{_named(layer)}: conversion" for layer in row.audit.conversions),
            )
            shared.setdefault(content, {})[f"{row_name(row)}, batch {row.batch}"] = None
    return [
        AuditLines(", ".join(rows), summary, tuple(layers))
        for (summary, *layers), rows in shared.items()
    ]


def _count(layers: Sequence[AuditedLayer], noun: str) -> str:
    return f"{len(layers) or 'no'} {noun}{'' if len(layers) == 1 else 's'}"


def _named(layer: AuditedLayer) -> str:
    return f"{layer.name} ({layer.kind}, {layer.precision})"
