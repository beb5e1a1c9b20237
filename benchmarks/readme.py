"""Write the measured tables of README.md from the files under benchmarks/results.

    python benchmarks/readme.py           rewrite the tables
    python benchmarks/readme.py --check   exit 1 where they differ

A table stands between ``<!-- NAME -->`` and ``<!-- /NAME -->``; nobody types into it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from edge_emotion.bench.report import Report, Result, read_report
from edge_emotion.jsonio import write_text

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
REPORT = ROOT / "benchmarks" / "results" / "report.json"


def accuracy_table(report: Report) -> str:
    """Every measured row: model, backend, accuracy with its interval, latency, size."""
    lines = [
        "| model | precision | backend | accuracy (95 %) | agrees with FP32 | p50 / p95 | file |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_row(result) for result in report.results if result.status == "ok"]
    return "\n".join(lines)


def provenance(report: Report) -> str:
    """One sentence on where the table's figures come from."""
    cpu = report.environment.cpu
    images = report.dataset.images if report.dataset else 0
    return (
        f"Accuracy on the {images:,} images of PublicTest, one forward pass; latency of one face "
        f"on one thread of one {cpu} core."
    )


def _row(result: Result) -> str:
    low, high = result.accuracy_ci95 or (float("nan"), float("nan"))
    agreement = result.agreement_with_fp32
    return (
        f"| `{result.model}` | {result.precision} | {result.backend} "
        f"| {result.accuracy or 0:.2%} ({low:.1%} to {high:.1%}) "
        f"| {'' if agreement is None else f'{agreement:.1%}'} "
        f"| {result.latency.p50 * 1000:.0f} / {result.latency.p95 * 1000:.0f} µs "
        f"| {(result.file_bytes or 0) / 1e6:.2f} MB |"
    )


def with_tables(readme: str, report: Report) -> str:
    """README with every generated table written anew."""
    for name, content in (("accuracy", f"{provenance(report)}\n\n{accuracy_table(report)}"),):
        block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not block.search(readme):
            raise click.ClickException(f"README.md has no block {name}: add <!-- {name} -->")
        readme = block.sub(lambda match, text=content: f"{match[1]}{text}\n{match[2]}", readme)
    return readme


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a table differs.")
def main(check: bool) -> None:
    """Rewrite README's tables from the measured results."""
    before = README.read_text(encoding="utf-8")
    after = with_tables(before, read_report(REPORT))
    if check and after != before:
        sys.exit("README.md differs from benchmarks/results: run python benchmarks/readme.py")
    if not check:
        write_text(README, after)


if __name__ == "__main__":
    main()
