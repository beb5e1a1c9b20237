"""Results to give to a sink, without a loop."""

from __future__ import annotations

import time

import numpy as np

from edge_emotion.camera import AnnotatedFrame, Frame
from edge_emotion.camera.base import TrackedFace
from edge_emotion.camera.stages import StageFigures
from edge_emotion.camera.status import Latency, SourceStatus, Status
from edge_emotion.emotions import Emotion
from edge_emotion.vision import FaceBox, Picture


def face(track: int = 1, emotion: Emotion | None = Emotion.HAPPY, size: int = 60) -> TrackedFace:
    likeliest = emotion or Emotion.SAD
    others = (1 - 0.7) / (len(Emotion) - 1)
    probabilities = {each: 0.7 if each is likeliest else others for each in Emotion}
    box = FaceBox(20 * track, 20, size, size, 0.9)
    return TrackedFace(track, box, emotion, 0.7, probabilities, None if emotion else "uncertain")


def annotated(
    index: int,
    *faces: TrackedFace,
    source: int = 0,
    name: str = "rtsp://***@cam/door",
    picture: Picture | None = None,
) -> AnnotatedFrame:
    """A frame of 320 × 240 that was drawn on."""
    image = np.full((240, 320, 3), 90, np.uint8) if picture is None else picture
    frame = Frame(image, source, index, time.time(), index / 25)
    return AnnotatedFrame(frame, name, 25.0, faces or (face(),), image.copy())


def status(frames: int = 10, **changes: object) -> Status:
    figures = StageFigures(turns=frames, p50_ms=1.5, p95_ms=4.0)
    source = SourceStatus(
        name="rtsp://***@cam/door",
        state="running",
        frames=frames,
        dropped=3,
        reconnects=2,
        fps=24.5,
        frame_age_ms=31.0,
        error=None,
    )
    whole = Status(
        time=time.time(),
        uptime_seconds=12.5,
        sources=(source,),
        frames=frames,
        faces=2 * frames,
        fps=24.5,
        latency=Latency(p50_ms=21.0, p95_ms=34.0),
        stages={"detect": figures, "classify": figures},
        model="small",
        precision="int8",
        backend="openvino",
        detector="yunet",
        cpu_temperature_celsius=51.5,
        rss_bytes=123_000_000,
    )
    return whole.model_copy(update=changes)
