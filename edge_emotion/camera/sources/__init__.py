"""Where frames come from: one adapter a file, chosen by what the user wrote."""

from __future__ import annotations

from importlib import import_module

from edge_emotion.camera.base import Source
from edge_emotion.errors import SourceError

REGISTRY: dict[str, str] = {
    "demo": "edge_emotion.camera.sources.demo:DemoSource",
    "csi": "edge_emotion.camera.sources.csi:CsiSource",
    "gstreamer": "edge_emotion.camera.sources.gstreamer:GStreamerSource",
    "stream": "edge_emotion.camera.sources.stream:StreamSource",
    "device": "edge_emotion.camera.sources.device:DeviceSource",
    "folder": "edge_emotion.camera.sources.folder:FolderSource",
    "video": "edge_emotion.camera.sources.video:VideoFileSource",
}
"""Kind → where its class is. The first class that recognises a text opens it."""


def open_source(text: str) -> Source:
    """Open what the user named.

    Args:
        text: a camera index, ``csi://N``, a URL, a GStreamer pipeline, a video file, a folder of
            pictures, or ``demo``.

    Raises:
        SourceError: nothing can be read from it.
    """
    for place in REGISTRY.values():
        module, _, attribute = place.partition(":")
        kind: type[Source] = getattr(import_module(module), attribute)
        if kind.recognises(text):
            return kind(text)
    raise SourceError(
        f"no camera, stream or file is meant by {text!r}",
        "give a camera index, csi://0, a URL, a GStreamer pipeline, a video file, a folder of "
        "pictures, or demo",
    )
