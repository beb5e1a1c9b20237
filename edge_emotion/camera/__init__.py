"""The camera loop: frames in, events and pictures out.

What is public is imported on first use: the process that reads a camera needs none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge_emotion.camera.base import AnnotatedFrame, Frame, Grab, Sink, Source, TrackedFace
    from edge_emotion.camera.clip import write_demo_clip
    from edge_emotion.camera.decision import Rules
    from edge_emotion.camera.event import Event
    from edge_emotion.camera.loop import INFERENCE_THREADS, CameraLoop, run_loop
    from edge_emotion.camera.opening import open_source, open_sources
    from edge_emotion.camera.stages import Summary
    from edge_emotion.camera.status import Status

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
    "Status",
    "Summary",
    "TrackedFace",
    "open_source",
    "open_sources",
    "run_loop",
    "write_demo_clip",
]

_MODULES = {
    "base": ("AnnotatedFrame", "Frame", "Grab", "Sink", "Source", "TrackedFace"),
    "clip": ("write_demo_clip",),
    "decision": ("Rules",),
    "event": ("Event",),
    "loop": ("INFERENCE_THREADS", "CameraLoop", "run_loop"),
    "opening": ("open_source", "open_sources"),
    "stages": ("Summary",),
    "status": ("Status",),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
