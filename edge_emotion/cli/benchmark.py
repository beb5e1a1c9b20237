"""``edge-emotion benchmark``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_emotion.artifact import Artifact, resolve_model, shipped_models
from edge_emotion.cli.embedded import loop_over_clip
from edge_emotion.cli.options import (
    PATH,
    complete_model,
    json_option,
    out_option,
    print_json,
    say,
)
from edge_emotion.errors import ArtifactError, BackendError

if TYPE_CHECKING:
    from edge_emotion.bench.report import Report


class _Counts(click.ParamType):  # type: ignore[type-arg] # generic since click 8.3 only
    """Whole numbers from 1, separated by commas."""

    name = "N,N,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            counts = tuple(dict.fromkeys(int(part) for part in str(value).split(",")))
        except ValueError:
            counts = ()
        if not counts or min(counts) < 1:
            self.fail(f"{value!r} is not a list of whole numbers from 1, as 1,2", param, ctx)
        return counts


@click.command("benchmark")
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=complete_model)
@click.option("--data", help="FER-2013 (zip, folder or CSV) or 'synthetic': measure accuracy too.")
@click.option(
    "--split",
    type=click.Choice(["train", "public", "private", "test"]),
    default="public",
    show_default=True,
)
@click.option("--backends", default="all", show_default=True, help="Names, as a,b; or all.")
@click.option("--threads", type=_Counts(), default="1", show_default=True, help="As 1,2.")
@click.option("--batch-sizes", type=_Counts(), default="1", show_default=True, help="As 1,8.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.01),
    default=1.0,
    show_default=True,
    help="Timed seconds for each row.",
)
@click.option(
    "--roofline", is_flag=True, help="Measure this machine's peaks too, and place every row."
)
@click.option(
    "--scenarios",
    is_flag=True,
    help="Also measure rows of batch 1 under load: requests at random, and all images at once.",
)
@click.option(
    "--stages",
    is_flag=True,
    help="Also measure with pre-processing, and the whole camera loop over the embedded clip.",
)
@click.option(
    "--history",
    type=PATH,
    metavar="FILE",
    help="Add this run to a history (JSON lines), and plot how each row went.",
)
@out_option
@json_option
def command(
    models: tuple[str, ...],
    data: str | None,
    split: str,
    backends: str,
    threads: tuple[int, ...],
    batch_sizes: tuple[int, ...],
    seconds: float,
    roofline: bool,
    scenarios: bool,
    stages: bool,
    history: Path | None,
    out: Path,
    as_json: bool,
) -> None:
    """Measure latency and accuracy of MODELs on every backend of this machine.

    MODEL is a path to a model file or a shipped name; without one, all shipped models that learned
    the dataset's own labels are measured.
    A backend that is not installed becomes a row that says what to install.
    """
    from edge_emotion.bench.history import append_history, history_entry, read_history
    from edge_emotion.bench.plan import choose_backends, plan
    from edge_emotion.bench.publish import publish
    from edge_emotion.bench.roofs import Roofs
    from edge_emotion.bench.run import run_benchmark
    from edge_emotion.data import Split
    from edge_emotion.evaluation.exam import Exam
    from edge_emotion.jsonio import output_directory

    variants = plan(find_models(models), choose_backends(backends), threads, batch_sizes)
    output_directory(out)
    if history is not None:
        read_history(history)  # before the minutes of measuring, whether it can be read
    exam = None if data is None else Exam.open(data, Split(split), None)
    roofs = Roofs(threads, say) if roofline else None
    benchmark = run_benchmark(
        variants, exam, seconds, say, roofs, scenarios, loop_over_clip if stages else None
    )
    runs = []
    if history is not None:
        runs = append_history(history, history_entry(benchmark.report, benchmark.samples))
    page = publish(benchmark, out, runs)
    print_report(benchmark.report)
    if as_json:
        print_json(benchmark.report.model_dump(mode="json", by_alias=True))
    else:
        click.echo(page)
    if not benchmark.report.measured:
        raise BackendError("nothing could be measured", f"{page} has the reasons")


def find_models(models: tuple[str, ...]) -> list[Artifact]:
    """The models of these names or paths; where none is given, those that ship.

    Of these, those that learned the labels that a benchmark judges by.

    Raises:
        ArtifactError: one of them cannot be found or does not verify, or there is none.
    """
    artifacts = [resolve_model(model) for model in models or _judged_by_labels()]
    if not artifacts:
        raise ArtifactError("this package ships no model", "name a model file to measure")
    return artifacts


def _judged_by_labels() -> list[str]:
    return [
        name
        for name, (artifact, *_) in shipped_models().items()
        if artifact.manifest.judged_by == "fer2013"
    ]


def print_report(report: Report) -> None:
    """Show a report on stderr."""
    from rich.console import Console

    from edge_emotion.bench.terminal import render_terminal

    console = Console(stderr=True, highlight=False)
    console.print()
    console.print(render_terminal(report))
    console.print()
