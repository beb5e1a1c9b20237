"""The report as Markdown, for a pull request or a README."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edge_emotion.bench.report import Report
from edge_emotion.bench.table import (
    COLUMNS,
    cells,
    environment_facts,
    method_text,
    not_measured,
)
from edge_emotion.bench.verdict import judge


def render_markdown(report: Report) -> str:
    """Verdict, table, what was not measured, method and machine."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    verdict = judge(report)
    yield "# Benchmark"
    yield ""
    yield f"**{_escaped(verdict.headline)}**"
    yield ""
    yield from (f"- {_escaped(line)}" for line in verdict.details)
    yield from (f"- **Note:** {_escaped(line)}" for line in verdict.warnings)
    if report.measured:
        yield ""
        yield _row([column.title for column in COLUMNS])
        yield _row(["---:" if column.figures else "---" for column in COLUMNS], escape=False)
        yield from (_row(cells(row)) for row in report.measured)
        yield from ("", "Latency and cold start in milliseconds.")
    missing = not_measured(report)
    if missing:
        yield from ("", "## Not measured", "")
        for each in missing:
            models = ", ".join(each.models)
            yield _escaped(f"- {each.backend}: {each.status}: {each.reason} ({models})")
    yield from ("", "## Method", "", _escaped(method_text(report)), "", "## Machine", "")
    for name, fact in environment_facts(report).items():
        yield f"- {_escaped(name)}: {_escaped(fact)}"


def _row(texts: Sequence[str], *, escape: bool = True) -> str:
    return "| " + " | ".join(_escaped(text) if escape else text for text in texts) + " |"


def _escaped(text: str) -> str:
    for special in "\\|*_`<[":
        text = text.replace(special, f"\\{special}")
    return text
