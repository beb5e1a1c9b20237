"""The camera loop: frames in, events and pictures out."""

from __future__ import annotations

from edge_emotion.camera.base import AnnotatedFrame, Frame, Grab, Sink, Source, TrackedFace
from edge_emotion.camera.clip import write_demo_clip
from edge_emotion.camera.decision import Rules
from edge_emotion.camera.event import Event
from edge_emotion.camera.loop import INFERENCE_THREADS, CameraLoop, run_loop
from edge_emotion.camera.sources import open_source
from edge_emotion.camera.stages import Summary

__all__ = [
    "INFERENCE_THREADS",
    "AnnotatedFrame",
    "CameraLoop",
    "Event",
    "Frame",
    "Grab",
    "Rules",
    "Sink",
    "Source",
    "Summary",
    "TrackedFace",
    "open_source",
    "run_loop",
    "write_demo_clip",
]
