"""``edge-emotion compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_emotion.cli.options import PATH, json_option, print_json
from edge_emotion.errors import GateNotMet

if TYPE_CHECKING:
    from edge_emotion.bench.compare import Run


class _Percentage(click.ParamType):  # type: ignore[type-arg] # generic since click 8.3 only
    """A percentage, with or without its sign: ``5%`` or ``5``."""

    name = "N%"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            share = float(str(value).strip().removesuffix("%")) / 100
        except ValueError:
            share = -1.0
        if not 0 <= share < float("inf"):
            self.fail(f"{value!r} is not a percentage from 0, as 5%", param, ctx)
        return share


@click.command("compare")
@click.argument("old", type=PATH)
@click.argument("new", type=PATH)
@click.option(
    "--max-latency-increase",
    type=_Percentage(),
    default="5%",
    show_default=True,
    help="How much longer the median may take.",
)
@click.option(
    "--max-accuracy-drop",
    type=click.FloatRange(min=0),
    default=0.2,
    show_default=True,
    metavar="POINTS",
    help="How many percentage points may be lost on the same images.",
)
@json_option
def command(
    old: Path, new: Path, max_latency_increase: float, max_accuracy_drop: float, as_json: bool
) -> None:
    """Compare report NEW with report OLD, row by row; exit 1 past a limit.

    Both are report.json of 'benchmark'. The samples.json beside each gives the intervals. The table
    is Markdown, fit for a pull request.
    """
    from edge_emotion.bench.compare import Limits, compare
    from edge_emotion.bench.compare_text import headline, render_comparison

    limits = Limits(max_latency_increase, max_accuracy_drop / 100)
    comparison = compare(_read(old), _read(new), limits)
    if as_json:
        print_json(comparison.model_dump(mode="json"))
    else:
        click.echo(render_comparison(comparison, limits), nl=False)
    if comparison.failed:
        raise GateNotMet(
            headline(comparison), f"the verdicts say which limit of {new} and by how much"
        )


def _read(path: Path) -> Run:
    from edge_emotion.bench.compare import Run
    from edge_emotion.bench.report import read_report, read_samples

    samples = path.with_name("samples.json")
    return Run(read_report(path), read_samples(samples) if samples.is_file() else None)
