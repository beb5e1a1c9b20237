"""The report as Markdown, for a pull request or a README."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from edge_emotion.bench.audit_text import audit_lines
from edge_emotion.bench.environment_text import environment_facts
from edge_emotion.bench.report import Report
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
from edge_emotion.bench.verdict import judge


def render_markdown(report: Report) -> str:
    """Verdict, tables, audits, what was not measured, method and machine."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    verdict = judge(report)
    yield "# Benchmark"
    yield ""
    yield f"**{_escaped(verdict.headline)}**"
    yield ""
    yield from (f"- {_escaped(line)}" for line in verdict.details)
    yield from (f"- **Note:** {_escaped(line)}" for line in verdict.warnings)
    if verdict.shipping:
        yield from ("", "## Precision to ship", "")
        yield from (f"- {_escaped(line)}" for line in verdict.shipping)
    if report.measured:
        yield from ("", "## All rows", "")
        yield from _table(COLUMNS, map(cells, report.measured))
        yield from ("", "Latency in milliseconds.")
    yield from _roofline(report)
    yield from _side_tables(report)
    yield from _audits(report)
    missing = not_measured(report)
    if missing:
        yield from ("", "## Not measured", "")
        for each in missing:
            models = ", ".join(each.models)
            yield _escaped(f"- {each.backend}: {each.status}: {each.reason} ({models})")
    yield from ("", "## Method", "", _escaped(method_text(report) + roof_method(report)), "")
    yield from ("## Machine", "")
    for name, fact in environment_facts(report).items():
        yield f"- {_escaped(name)}: {_escaped(fact)}"


def _table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row([column.title for column in columns])
    yield _row(["---:" if column.figures else "---" for column in columns], escape=False)
    yield from map(_row, rows)


def _roofline(report: Report) -> Iterator[str]:
    rows = roof_rows(report)
    if rows:
        yield from ("", "## Roofline", "")
        yield from (f"- {_escaped(line)}" for line in roofs(report))
        yield ""
        yield from _table(ROOF_COLUMNS, rows)
        yield from ("", _escaped(ROOF_CAPTION))


def _side_tables(report: Report) -> Iterator[str]:
    for table in side_tables(report):
        yield from ("", f"## {table.title}", "")
        yield from _table(table.columns, table.rows)
        yield from ("", _escaped(table.caption))


def _audits(report: Report) -> Iterator[str]:
    audits = audit_lines(report)
    if audits:
        yield from ("", "## Precision audit", "")
    for each in audits:
        yield f"- {_escaped(each.rows)}: {_escaped(each.summary)}"
        yield from (f"  - {_escaped(line)}" for line in each.layers)


def _row(texts: Sequence[str], *, escape: bool = True) -> str:
    return "| " + " | ".join(_escaped(text) if escape else text for text in texts) + " |"


def _escaped(text: str) -> str:
    for special in "\\|*_`<[":
        text = text.replace(special, f"\\{special}")
    return text
