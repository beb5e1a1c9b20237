"""Where frames come from: one adapter a file, chosen by what the user wrote."""

from __future__ import annotations

from importlib import import_module

from edge_emotion.camera.base import Source
from edge_emotion.errors import SourceError

REGISTRY: dict[str, str] = {
    "demo": "edge_emotion.camera.sources.demo:DemoSource",
    "jetson": "edge_emotion.camera.sources.jetson:JetsonSource",
    "gstreamer": "edge_emotion.camera.sources.gstreamer:GStreamerSource",
    "stream": "edge_emotion.camera.sources.stream:StreamSource",
    "device": "edge_emotion.camera.sources.device:DeviceSource",
    "folder": "edge_emotion.camera.sources.folder:FolderSource",
    "video": "edge_emotion.camera.sources.video:VideoFileSource",
}
"""Kind → where its class is. The first class that recognises a text opens it."""


def name_of_kind(text: str) -> str:
    """Which of ``REGISTRY`` is meant.

    Args:
        text: a camera index, ``csi://N``, a URL, a GStreamer pipeline, a video file, a folder of
            pictures, or ``demo``.

    Raises:
        SourceError: none is.
    """
    for name in REGISTRY:
        if kind_named(name).recognises(text):
            return name
    raise SourceError(
        f"no camera, stream or file is meant by {text!r}",
        "give a camera index, csi://0, a URL, a GStreamer pipeline, a video file, a folder of "
        "pictures, or demo",
    )


def kind_named(name: str) -> type[Source]:
    """The class of a kind in ``REGISTRY``; nothing else is imported."""
    module, _, attribute = REGISTRY[name].partition(":")
    kind: type[Source] = getattr(import_module(module), attribute)
    return kind
