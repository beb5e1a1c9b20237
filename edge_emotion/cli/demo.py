"""``edge-emotion demo``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_emotion.artifact import Artifact
from edge_emotion.cli.benchmark import find_models, print_report
from edge_emotion.cli.embedded import embedded_clip
from edge_emotion.cli.options import PATH, say
from edge_emotion.errors import BackendError
from edge_emotion.jsonio import output_directory

if TYPE_CHECKING:
    from edge_emotion.camera import Summary

_SECONDS_PER_ROW = 0.3


@click.command("demo")
@click.option(
    "--out",
    type=PATH,
    default=Path("demo"),
    show_default=True,
    help="Folder for the results; those of an earlier demo are replaced.",
)
def command(out: Path) -> None:
    """Run everything once on what is embedded: clip, events, benchmark, report.

    Needs no camera, no download and no GPU.
    """
    models = find_models(())
    output_directory(out)
    video, events = out / "annotated.mp4", out / "events.jsonl"
    say("1/3  clip: prints of two public-domain portraits, moving")
    clip = embedded_clip()
    say("2/3  camera loop: find the faces, read their emotions, write video and events")
    summary = _run_camera(clip, video, events)
    _say_summary(summary, events)
    say("3/3  benchmark: the shipped models on every backend of this machine")
    page = _run_benchmark(models, out)
    for title, path in (("annotated video", video), ("events", events), ("report", page)):
        click.echo(f"{title:<15}  {path}")


def _run_camera(clip: Path, video: Path, events: Path) -> Summary:
    from edge_emotion.camera import INFERENCE_THREADS, open_source, run_loop
    from edge_emotion.camera.sinks.jsonl import JsonLinesSink
    from edge_emotion.camera.sinks.video import VideoSink
    from edge_emotion.inference import FacePipeline

    events.unlink(missing_ok=True)  # the sink would continue it
    with ExitStack() as unwind:
        pipeline = unwind.enter_context(FacePipeline(threads=INFERENCE_THREADS))
        source = open_source(str(clip))
        unwind.callback(source.close)
        sink = JsonLinesSink(events)
        unwind.callback(sink.close)
        return run_loop([source], pipeline, [sink, VideoSink(video)])


def _say_summary(summary: Summary, events: Path) -> None:
    from collections import Counter

    from edge_emotion.camera import Event

    lines = events.read_text(encoding="utf-8").splitlines()
    found = [Event.model_validate_json(line) for line in lines]
    read = Counter(each.emotion.value if each.emotion else str(each.reason) for each in found)
    shares = ", ".join(f"{label} {n / len(lines):.0%}" for label, n in read.most_common())
    say(
        f"     {summary.frames} frames, {summary.faces} faces, {summary.fps:.0f} frames/s: "
        f"{summary.model} {summary.precision} on {summary.backend}, detector {summary.detector}"
    )
    say(f"     read: {shares or 'no face was found'}")
    stages = ", ".join(f"{name} {each.p50_ms:.2g}" for name, each in summary.stages.items())
    say(f"     milliseconds a frame: {stages}")


def _run_benchmark(models: list[Artifact], out: Path) -> Path:
    from edge_emotion.bench.plan import choose_backends, plan
    from edge_emotion.bench.publish import publish
    from edge_emotion.bench.run import run_benchmark

    variants = plan(models, choose_backends("all"), threads=(1,), batches=(1,))
    benchmark = run_benchmark(variants, None, _SECONDS_PER_ROW, lambda _: None)
    page = publish(benchmark, out)
    print_report(benchmark.report)
    if not benchmark.report.measured:
        raise BackendError("no backend could run a model", f"{page} has the reasons")
    return page
