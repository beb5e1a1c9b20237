"""Write a finished benchmark to a folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from edge_emotion.bench.csv_rows import render_csv
from edge_emotion.bench.history import HistoryEntry
from edge_emotion.bench.markdown import render_markdown
from edge_emotion.bench.page import render_page
from edge_emotion.bench.run import Benchmark
from edge_emotion.jsonio import output_directory, write_json, write_text

_NO_PLOTS = "Plots are drawn by matplotlib: pip install 'edge-emotion[report]', and run again."


def publish(benchmark: Benchmark, folder: Path, history: Sequence[HistoryEntry] = ()) -> Path:
    """Write ``report.json``, ``.csv``, ``.md`` and ``.html``, ``samples.json`` and ``pareto.svg``.

    ``pareto.svg`` exists only where accuracy was measured and matplotlib is installed.

    Args:
        benchmark: what was measured.
        folder: where to write.
        history: runs up to this one, to be plotted.

    Returns:
        The HTML file.

    Raises:
        OutputError: the folder cannot be written.
    """
    output_directory(folder)
    report, samples = benchmark.report, benchmark.samples
    write_json(folder / "report.json", report.model_dump(mode="json", by_alias=True))
    compact = json.dumps(samples.model_dump(mode="json", by_alias=True), separators=(",", ":"))
    write_text(folder / "samples.json", compact + "\n")
    write_text(folder / "report.csv", render_csv(report))
    write_text(folder / "report.md", render_markdown(report))
    page = folder / "report.html"
    write_text(page, _page_with_plots(benchmark, folder / "pareto.svg", history))
    return page


def _page_with_plots(
    benchmark: Benchmark, pareto_file: Path, history: Sequence[HistoryEntry]
) -> str:
    report = benchmark.report
    pareto_file.unlink(missing_ok=True)  # one of an earlier run would not belong to this report
    if not report.measured:
        return render_page(report, ())
    if find_spec("matplotlib") is None:
        return render_page(report, (), notice=_NO_PLOTS)

    from edge_emotion.bench.confusion_pictures import confusion_pictures
    from edge_emotion.bench.history_plot import history_plot
    from edge_emotion.bench.latency_plot import latency_plot
    from edge_emotion.bench.pareto_plot import pareto_plot
    from edge_emotion.bench.roof_plot import roof_plot
    from edge_emotion.bench.scaling_plot import scaling_plot
    from edge_emotion.plots.svg import standalone

    pareto = pareto_plot(report)
    if pareto is not None:
        write_text(pareto_file, standalone(pareto.wide, pareto.title))
    drawn = (
        pareto,
        latency_plot(report, benchmark.samples),
        scaling_plot(report),
        roof_plot(report),
        *confusion_pictures(report, benchmark.samples),
        history_plot(history) if history else None,
    )
    return render_page(report, [picture for picture in drawn if picture is not None])
