"""The live page and the HTTP API of a running loop; nothing is served unless it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from edge_emotion.camera.disclosure import Disclosure
from edge_emotion.camera.serve.address import ServeAddress, parse_serve
from edge_emotion.errors import OutputError

if TYPE_CHECKING:
    from edge_emotion.camera.serve.sink import LiveSink
    from edge_emotion.camera.sinks.metrics import Queue
    from edge_emotion.inference import FacePipeline

_FOUND_BY_NAME = ("python_multipart", "websockets")
"""What FastAPI and uvicorn import themselves, when it is too late for a clear word."""

__all__ = ["ServeAddress", "open_live", "parse_serve"]


def open_live(
    address: ServeAddress,
    sources: int,
    open_pipeline: Callable[[], FacePipeline],
    queues: Mapping[str, Queue],
    disclosure: Disclosure,
) -> LiveSink:
    """Serve a run, as ``LiveSink`` describes.

    Raises:
        OutputError: the port is taken, or what serving needs is not installed.
    """
    try:
        for package in _FOUND_BY_NAME:
            import_module(package)
        from edge_emotion.camera.serve.sink import LiveSink
    except ImportError as error:
        raise OutputError(
            f"cannot serve: {error.name} is not installed", "pip install 'edge-emotion[serve]'"
        ) from error
    return LiveSink(address, sources, open_pipeline, queues, disclosure)
