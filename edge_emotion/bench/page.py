"""The report as one HTML file: opens offline, on a phone, on paper and without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from edge_emotion.bench.audit_text import audit_lines
from edge_emotion.bench.environment_text import environment_facts
from edge_emotion.bench.naming import moment
from edge_emotion.bench.report import MeasuredModel, Report
from edge_emotion.bench.roof_table import (
    ROOF_CAPTION,
    ROOF_COLUMNS,
    roof_method,
    roof_rows,
    roofs,
)
from edge_emotion.bench.side_tables import side_tables
from edge_emotion.bench.table import (
    COLUMNS,
    Column,
    cells,
    method_text,
    not_measured,
)
from edge_emotion.bench.verdict import Verdict, judge
from edge_emotion.plots.palette import theme

_FOLDER = Path(__file__).parent
_SHORT_HASH = 12
_CAPTION = "Latency in milliseconds."


@dataclass(frozen=True)
class Picture:
    """A picture in the page.

    Attributes:
        title: its heading.
        caption: how to read it.
        wide: ``<svg>`` element for desks and paper.
        narrow: ``<svg>`` element for phones.
    """

    title: str
    caption: str
    wide: str
    narrow: str


def render_page(report: Report, pictures: Iterable[Picture], notice: str | None = None) -> str:
    """The whole page.

    Args:
        report: what to show.
        pictures: plots, in their order.
        notice: shown instead of pictures that could not be drawn.
    """
    verdict = judge(report)
    return Template((_FOLDER / "report.html").read_text(encoding="utf-8")).substitute(
        css=theme() + (_FOLDER / "report.css").read_text(encoding="utf-8"),
        headline=escape(verdict.headline),
        cpu=escape(report.environment.cpu),
        iso_date=report.environment.date.isoformat(),
        date=moment(report.environment.date),
        verdict=_verdict(verdict),
        figures="".join(map(_picture, pictures)) + (_notice(notice) if notice else ""),
        table=_table(COLUMNS, map(cells, report.measured), _CAPTION),
        roofline=_roofline(report),
        tables=_side_tables(report),
        audits=_audits(report),
        missing=_missing(report),
        models="".join(map(_model, report.models)),
        method=escape(method_text(report) + roof_method(report)),
        environment=_facts(environment_facts(report)),
    )


def _verdict(verdict: Verdict) -> str:
    lines = [f"<li>{escape(line)}</li>" for line in verdict.details]
    lines += [f'<li class="warning">{escape(line)}</li>' for line in verdict.warnings]
    text = f"<ul>{''.join(lines)}</ul>" if lines else ""
    if verdict.shipping:
        text += "<h2>Precision to ship</h2>" + _list(verdict.shipping)
    return text


def _list(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _picture(picture: Picture) -> str:
    return (
        f"<section><h2>{escape(picture.title)}</h2><figure>"
        f'<div class="wide">{picture.wide}</div><div class="narrow">{picture.narrow}</div>'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure></section>"
    )


def _notice(text: str) -> str:
    return f'<p class="notice">{escape(text)}</p>'


def _table(columns: Sequence[Column], rows: Iterable[Sequence[str]], caption: str) -> str:
    """Roles are spelt out: on a phone CSS turns rows into cards, which would drop them."""
    head = "".join(
        f'<th role="columnheader" scope="col"{_kind(column.figures)}>{escape(column.title)}</th>'
        for column in columns
    )
    body = "".join(f'<tr role="row">{_cells(columns, row)}</tr>' for row in rows)
    if not body:
        return "<p>No row could be measured.</p>"
    return (
        f'<table role="table"><caption>{escape(caption)}</caption>'
        '<thead role="rowgroup"><tr role="row">'
        f'{head}</tr></thead><tbody role="rowgroup">{body}</tbody></table>'
    )


def _cells(columns: Sequence[Column], row: Sequence[str]) -> str:
    return "".join(
        f'<td role="cell" data-label="{escape(column.title)}"{_kind(column.figures)}>'
        f"{escape(text)}</td>"
        for column, text in zip(columns, row, strict=True)
    )


def _roofline(report: Report) -> str:
    rows = roof_rows(report)
    if not rows:
        return ""
    return (
        "<section><h2>Roofline of this machine</h2>"
        f"{_list(roofs(report))}{_table(ROOF_COLUMNS, rows, ROOF_CAPTION)}</section>"
    )


def _side_tables(report: Report) -> str:
    return "".join(
        f"<section><h2>{each.title}</h2>{_table(each.columns, each.rows, each.caption)}</section>"
        for each in side_tables(report)
    )


def _audits(report: Report) -> str:
    items = "".join(
        f"<details><summary>{escape(each.rows)}: {escape(each.summary)}</summary>"
        f"{_list(each.layers)}</details>"
        for each in audit_lines(report)
    )
    return f"<section><h2>Precision audit</h2>{items}</section>" if items else ""


def _kind(figures: bool) -> str:
    return ' class="figures"' if figures else ""


def _missing(report: Report) -> str:
    items = "".join(
        f"<dt>{escape(each.backend)}</dt><dd>{each.status}: {escape(each.reason)} "
        f'<span class="aside">({escape(", ".join(each.models))})</span></dd>'
        for each in not_measured(report)
    )
    return f"<section><h2>Not measured</h2><dl>{items}</dl></section>" if items else ""


def _model(model: MeasuredModel) -> str:
    return (
        f'<p class="file"><strong>{escape(model.file)}</strong> '
        f"{model.parameters / 1e6:.2f} M parameters, {model.macs / 1e6:.1f} M "
        f"multiply-accumulates a face, run by {escape(', '.join(model.backends))}, "
        f'sha256 <code title="{model.sha256}">{model.sha256[:_SHORT_HASH]}…</code></p>'
    )


def _facts(facts: dict[str, str]) -> str:
    items = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts.items())
    return f"<dl>{items}</dl>"
