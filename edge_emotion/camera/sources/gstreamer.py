"""A GStreamer pipeline, as ``gst-launch-1.0`` takes it."""

from __future__ import annotations

from edge_emotion.camera.sources.capture import LiveSource, open_capture
from edge_emotion.camera.sources.gstreamer_parse import parse_error
from edge_emotion.errors import SourceError
from edge_emotion.vision.opencv import cv2

NEWEST_ONLY = "appsink drop=true max-buffers=1 sync=false"
"""How a live pipeline must end: a frame that comes too late is dropped, none is queued."""


class GStreamerSource(LiveSource):
    """Any pipeline; an ``appsink`` is added where it names none."""

    @classmethod
    def recognises(cls, text: str) -> bool:
        """A text with elements joined by ``!``."""
        return " ! " in text

    def _open(self) -> cv2.VideoCapture:
        if not cv2.videoio_registry.hasBackend(cv2.CAP_GSTREAMER):
            raise SourceError(
                f"{self.describe()} needs GStreamer, which this OpenCV {cv2.__version__} is built "
                "without (as all of pip's are)",
                "use the python3-opencv of JetPack or Debian: apt-get install python3-opencv, and "
                "a virtual environment made with --system-site-packages",
            )
        reason = parse_error(self._pipeline())
        if reason is not None:
            raise SourceError(
                f"GStreamer cannot build {self.describe()}: {self.shown(reason)}",
                "mend the pipeline, or install the plugin that has the element",
            )
        failure = SourceError(
            f"GStreamer cannot start {self.describe()}",
            "try the same pipeline with gst-launch-1.0, with fakesink at its end",
        )
        return open_capture(self._pipeline(), cv2.CAP_GSTREAMER, (), failure)

    def _pipeline(self) -> str:
        """The whole pipeline."""
        if "appsink" in self._text:
            return self._text
        return f"{self._text} ! videoconvert ! video/x-raw, format=BGR ! {NEWEST_ONLY}"
