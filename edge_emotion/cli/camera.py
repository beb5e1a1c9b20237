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
    from edge_emotion.camera import Summary
    from edge_emotion.camera.outputs import Broker


@click.command("camera")
@click.option(
    "--source",
    "sources",
    multiple=True,
    required=True,
    help="Camera index, URL, GStreamer pipeline, video, folder of pictures, or demo; on a Jetson "
    "csi://0, jetson+usb://0, jetson+rtsp://HOST/PATH. Repeatable.",
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
@click.option(
    "--mqtt",
    envvar="EDGE_EMOTION_MQTT",
    help="Broker for events: mqtt[s]://[user:password@]host[:port][/prefix]; "
    "EDGE_EMOTION_MQTT keeps the password out of the process list.",
)
@click.option(
    "--mqtt-discovery",
    default="homeassistant",
    show_default=True,
    help="Home Assistant's discovery prefix; 'off' announces nothing.",
)
@click.option(
    "--mqtt-buffer",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    help="Events that wait while the broker is away; past that the oldest are given up.",
)
@click.option(
    "--serve",
    metavar="[HOST:]PORT",
    help="Live page, API and metrics, on this machine alone unless HOST says otherwise.",
)
@click.option(
    "--serve-token",
    envvar="EDGE_EMOTION_TOKEN",
    help="What callers of --serve must know; needed where others than this machine reach it. "
    "Better set as EDGE_EMOTION_TOKEN.",
)
@click.option(
    "--serve-name",
    "serve_names",
    multiple=True,
    help="Host name of a proxy before --serve; other names are refused.",
)
@click.option("--blur-faces", is_flag=True, help="Hide faces in window, video and page.")
@click.option(
    "--notice",
    metavar="TEXT",
    help="A line on every picture that is shown, and on the page: what people must be told.",
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
    mqtt: str | None,
    mqtt_discovery: str,
    mqtt_buffer: int,
    serve: str | None,
    serve_token: str | None,
    serve_names: tuple[str, ...],
    blur_faces: bool,
    notice: str | None,
    headless: bool,
    max_frames: int | None,
    loop: bool,
    read_timeout: float,
    as_json: bool,
) -> None:
    """Read facial emotion from cameras, streams or files until they end or Ctrl-C."""
    from edge_emotion.camera import INFERENCE_THREADS, Rules, open_sources, run_loop
    from edge_emotion.camera.disclosure import Disclosure
    from edge_emotion.camera.event import CHOICES
    from edge_emotion.camera.live.source import Patience
    from edge_emotion.camera.outputs import Wanted, open_outputs
    from edge_emotion.camera.serve import parse_serve
    from edge_emotion.inference import FacePipeline
    from edge_emotion.vision import FAST, THOROUGH
    from edge_emotion.vision.conceal import Concealer

    _refuse_to_overwrite(sources, output, events)
    wanted = Wanted(
        video=output,
        events=events,
        choose=CHOICES[events_on],
        broker=_broker(mqtt, mqtt_discovery, mqtt_buffer),
        page=parse_serve(serve, serve_token, serve_names) if serve else None,
        window=not headless,
        disclosure=Disclosure(notice, blur_faces),
    )
    choices = (model, backend, detector)
    with ExitStack() as unwind:
        pipeline = unwind.enter_context(
            FacePipeline(*choices, detector_size or FAST, INFERENCE_THREADS)
        )
        opened = open_sources(sources, loop=loop, patience=Patience(reading=read_timeout))
        for source in opened:
            unwind.callback(source.close)
        outputs = open_outputs(
            wanted,
            [source.live for source in opened],
            lambda: FacePipeline(*choices, detector_size or THOROUGH, INFERENCE_THREADS),
            say,
            unwind,
        )
        rules = Rules.steadied(smoothing, uncertain)
        conceal = Concealer if blur_faces else None
        summary = run_loop(opened, pipeline, outputs.sinks, max_frames, rules, conceal, notice)
    queues = {
        name: {"waiting": queue.waiting, "dropped": queue.dropped}
        for name, queue in outputs.queues.items()
    }
    if as_json:
        print_json({**summary.model_dump(mode="json"), "queues": queues})
    else:
        _print_summary(summary, queues)


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


def _broker(url: str | None, discovery: str, buffer: int) -> Broker | None:
    from edge_emotion.camera.outputs import Broker
    from edge_emotion.camera.sinks.address import parse_broker

    if url is None:
        return None
    return Broker(parse_broker(url), None if discovery == "off" else discovery, buffer)


def _print_summary(summary: Summary, queues: dict[str, dict[str, int]]) -> None:
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
    for name, queue in queues.items():
        say(f"  {name:<9} {queue['dropped']} given up, {queue['waiting']} not delivered")
