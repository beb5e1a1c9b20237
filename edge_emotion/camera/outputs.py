"""Open every output that a run was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edge_emotion.camera.base import Sink
from edge_emotion.camera.disclosure import NOTHING, Disclosure
from edge_emotion.camera.event import Choose
from edge_emotion.camera.event import events as every_frame
from edge_emotion.camera.serve import ServeAddress, open_live
from edge_emotion.camera.sinks.address import BrokerAddress
from edge_emotion.camera.sinks.state import SourceStateSink
from edge_emotion.camera.sinks.systemd import systemd_sink

if TYPE_CHECKING:
    from edge_emotion.camera.sinks.metrics import Queue
    from edge_emotion.inference import FacePipeline


@dataclass(frozen=True)
class Broker:
    """Where and how to publish.

    Args:
        address: the broker.
        discovery: Home Assistant's discovery prefix; ``None`` announces nothing.
        buffer: events that may wait while the broker is away.
    """

    address: BrokerAddress
    discovery: str | None
    buffer: int


@dataclass(frozen=True)
class Wanted:
    """What a run was asked for. Nothing leaves the process but this.

    Args:
        video: the annotated video's file.
        events: the JSON lines' file.
        choose: makes the choice of events for one sink, as ``event.CHOICES`` has them.
        broker: where to publish.
        page: where to serve.
        window: whether to open a window, where there is a display.
        disclosure: what the page tells those who look on.
    """

    video: Path | None = None
    events: Path | None = None
    choose: Callable[[], Choose] = lambda: every_frame
    broker: Broker | None = None
    page: ServeAddress | None = None
    window: bool = False
    disclosure: Disclosure = NOTHING


@dataclass(frozen=True)
class Outputs:
    """Outputs that are open.

    Args:
        sinks: all of them.
        queues: those that buffer, by name.
    """

    sinks: list[Sink] = field(default_factory=list)
    queues: dict[str, Queue] = field(default_factory=dict)


def open_outputs(
    wanted: Wanted,
    live: Sequence[bool],
    open_pipeline: Callable[[], FacePipeline],
    tell: Callable[[str], None],
    unwind: ExitStack,
) -> Outputs:
    """Open them; whatever was opened is closed by ``unwind``.

    Args:
        wanted: what to open.
        live: of each source of the run, whether time goes on without us.
        open_pipeline: makes a pipeline beside the loop's, when somebody sends a picture.
        tell: says one line to the user.
        unwind: closes what was opened.

    Raises:
        OutputError: one cannot be written or served.
    """
    outputs = Outputs()

    def add(sink: Sink) -> None:
        unwind.callback(sink.close)
        outputs.sinks.append(sink)

    add(SourceStateSink(tell))
    supervisor = systemd_sink()
    if supervisor is not None:
        add(supervisor)
    if wanted.video is not None:
        from edge_emotion.camera.sinks.video import VideoSink

        video = VideoSink(wanted.video, live)
        add(video)
        outputs.queues["video"] = video
    if wanted.events is not None:
        from edge_emotion.camera.sinks.jsonl import JsonLinesSink

        add(JsonLinesSink(wanted.events, wanted.choose()))
    if wanted.broker is not None:
        from edge_emotion.camera.sinks.mqtt import MqttSink

        broker = wanted.broker
        mqtt = MqttSink(broker.address, tell, broker.discovery, broker.buffer)
        add(mqtt)
        outputs.queues["mqtt"] = mqtt
    if wanted.page is not None:
        page = open_live(wanted.page, len(live), open_pipeline, outputs.queues, wanted.disclosure)
        add(page)
        tell(f"live page at {page.url}{', with the token' if wanted.page.token else ''}")
    if wanted.window:
        _add_window(add, tell)
    return outputs


def _add_window(add: Callable[[Sink], None], tell: Callable[[str], None]) -> None:
    from edge_emotion.camera.sinks.window import WindowSink, missing_display

    reason = missing_display()
    if reason is None:
        add(WindowSink())
    else:
        tell(f"no window: {reason}; pass --headless to say so yourself")
