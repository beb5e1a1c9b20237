"""``edge-emotion camera``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_emotion.cli.options import (
    PATH,
    detector_size_option,
    json_option,
    model_option,
    print_json,
    say,
)
from edge_emotion.errors import UsageError

if TYPE_CHECKING:
    from edge_emotion.camera import Sink, Summary


@click.command("camera")
@click.option(
    "--source",
    "sources",
    multiple=True,
    required=True,
    help="Camera index, csi://0, URL, GStreamer pipeline, video, folder of pictures, or demo.",
)
@model_option
@click.option("--backend", default="auto", show_default=True, help="Runtime to classify with.")
@click.option("--detector", default="auto", show_default=True, help="yunet, haar, none or auto.")
@detector_size_option
@click.option("--output", type=PATH, help="Annotated video (.mp4); one for each source.")
@click.option("--events", type=PATH, help="Events as JSON lines; an existing file is continued.")
@click.option(
    "--events-on",
    type=click.Choice(["frame", "change"]),
    default="frame",
    show_default=True,
    help="A line per face per frame, or only when a face appears, changes its label or goes.",
)
@click.option(
    "--smoothing",
    type=click.FloatRange(min=0),
    default=0.25,
    show_default=True,
    help="Seconds over which readings of a face are averaged; 0 labels every frame by itself.",
)
@click.option(
    "--uncertain",
    type=click.FloatRange(0, 1),
    default=0.4,
    show_default=True,
    help="Name no emotion less probable than this; 0 always names one.",
)
@click.option("--headless", is_flag=True, help="Open no window.")
@click.option("--max-frames", type=click.IntRange(min=1), help="Stop after this many frames.")
@click.option("--loop", is_flag=True, help="Begin files and folders again at their end.")
@click.option(
    "--read-timeout",
    type=click.FloatRange(min=0.5),
    default=5.0,
    show_default=True,
    help="Seconds without a frame after which a camera or stream is opened again.",
)
@json_option
def command(
    sources: tuple[str, ...],
    model: str,
    backend: str,
    detector: str,
    detector_size: int | None,
    output: Path | None,
    events: Path | None,
    events_on: str,
    smoothing: float,
    uncertain: float,
    headless: bool,
    max_frames: int | None,
    loop: bool,
    read_timeout: float,
    as_json: bool,
) -> None:
    """Read facial emotion from cameras, streams or files until they end or Ctrl-C."""
    from edge_emotion.camera import INFERENCE_THREADS, Rules, open_sources, run_loop
    from edge_emotion.camera.live.source import Patience
    from edge_emotion.inference import FacePipeline
    from edge_emotion.vision import FAST

    _refuse_to_overwrite(sources, output, events)
    with ExitStack() as unwind:
        pipeline = unwind.enter_context(
            FacePipeline(model, backend, detector, detector_size or FAST, INFERENCE_THREADS)
        )
        opened = open_sources(sources, loop=loop, patience=Patience(reading=read_timeout))
        for source in opened:
            unwind.callback(source.close)
        live = [source.live for source in opened]
        sinks = _open_sinks(live, output, events, events_on, headless, unwind)
        rules = Rules.steadied(smoothing, uncertain)
        summary = run_loop(opened, pipeline, sinks, max_frames, rules)
    if as_json:
        print_json(summary.model_dump(mode="json"))
    else:
        _print_summary(summary)


def _refuse_to_overwrite(
    sources: tuple[str, ...], output: Path | None, events: Path | None
) -> None:
    from edge_emotion.camera.sinks.video import video_paths

    written = [] if output is None else video_paths(output, len(sources))
    written += [] if events is None else [events]
    read = {Path(text).resolve() for text in sources}
    for path in written:
        if path.resolve() in read:
            raise UsageError(f"{path} is read and written at once", "name another output")


def _open_sinks(
    live: list[bool],
    output: Path | None,
    events: Path | None,
    events_on: str,
    headless: bool,
    unwind: ExitStack,
) -> list[Sink]:
    from edge_emotion.camera.event import CHOICES
    from edge_emotion.camera.sinks.jsonl import JsonLinesSink
    from edge_emotion.camera.sinks.state import SourceStateSink
    from edge_emotion.camera.sinks.video import VideoSink
    from edge_emotion.camera.sinks.window import WindowSink, missing_display

    sinks: list[Sink] = [SourceStateSink(say)]
    if output is not None:
        sinks.append(VideoSink(output, live))
    if events is not None:
        sinks.append(JsonLinesSink(events, CHOICES[events_on]()))
        unwind.callback(sinks[-1].close)
    if not headless:
        reason = missing_display()
        if reason is None:
            sinks.append(WindowSink())
        else:
            say(f"no window: {reason}; pass --headless to say so yourself")
    return sinks


def _print_summary(summary: Summary) -> None:
    say(
        f"{summary.frames} frames, {summary.faces} faces in {summary.seconds:.1f} s "
        f"({summary.fps:.1f} frames/s) with {summary.model} on {summary.backend}, "
        f"detector {summary.detector}"
    )
    if summary.latency is not None:
        warmth = summary.cpu_temperature_celsius
        say(
            f"  capture to result p50 {summary.latency.p50_ms:.1f} ms, p95 "
            f"{summary.latency.p95_ms:.1f} ms; {summary.dropped} frames dropped, "
            f"{summary.reconnects} reconnects" + (f"; CPU {warmth:.0f} °C" if warmth else "")
        )
    for stage, figures in summary.stages.items():
        say(
            f"  {stage:<9} p50 {figures.p50_ms:7.2f} ms   p95 {figures.p95_ms:7.2f} ms   "
            f"{figures.turns} times"
        )
