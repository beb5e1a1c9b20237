"""A window on the screen, where there is a screen."""

from __future__ import annotations

import os
import sys

from edge_emotion.camera.base import AnnotatedFrame, Sink
from edge_emotion.vision.opencv import cv2

_TITLE = "edge-emotion"
_QUIT_KEYS = frozenset({27, ord("q")})


class WindowClosed(Exception):
    """The user closed the window, or pressed Q or Escape in it."""


def missing_display() -> str | None:
    """Why no window can be shown here, or ``None``.

    Asked of the environment and of OpenCV's build, never by opening a window: Qt and GTK abort the
    whole process when they find no display.
    """
    if sys.platform == "linux" and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return "neither DISPLAY nor WAYLAND_DISPLAY is set"
    for line in cv2.getBuildInformation().splitlines():
        if line.strip().startswith("GUI:") and line.split(":")[1].strip() in ("", "NONE"):
            return "this OpenCV is built without windows (headless)"
    return None


class WindowSink(Sink):
    """Shows annotated frames; construct it only where ``missing_display`` is ``None``."""

    shows_pictures = True

    def consume(self, result: AnnotatedFrame) -> None:
        """Show the frame.

        Raises:
            WindowClosed: the user wants to stop.
        """
        title = _TITLE if result.frame.source == 0 else f"{_TITLE} {result.frame.source}"
        cv2.imshow(title, result.picture)
        pressed = cv2.waitKey(1) & 0xFF
        if pressed in _QUIT_KEYS or cv2.getWindowProperty(title, cv2.WND_PROP_VISIBLE) < 1:
            raise WindowClosed

    def close(self) -> None:
        """Close all windows."""
        cv2.destroyAllWindows()
