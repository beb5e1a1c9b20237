"""A window on the screen, where there is a screen."""

from __future__ import annotations

import os
import subprocess
import sys

from edge_emotion.camera.base import AnnotatedFrame, Sink
from edge_emotion.vision.opencv import cv2

_TITLE = "edge-emotion"
_QUIT_KEYS = frozenset({27, ord("q")})
_PROBE = "import cv2; cv2.namedWindow('edge-emotion'); cv2.destroyAllWindows()"
_PROBE_SECONDS = 20.0


class WindowClosed(Exception):
    """The user closed the window, or pressed Q or Escape in it."""


def missing_display() -> str | None:
    """Why no window can be shown here, or ``None``.

    Qt and GTK abort the whole process when a display that is announced does not answer, so the
    first window is opened by a process of its own.
    """
    if sys.platform == "linux" and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return "neither DISPLAY nor WAYLAND_DISPLAY is set"
    for line in cv2.getBuildInformation().splitlines():
        if line.strip().startswith("GUI:") and line.split(":")[1].strip() in ("", "NONE"):
            return "this OpenCV is built without windows (headless)"
    return None if _window_opens() else "the display cannot be reached"


def _window_opens() -> bool:
    try:
        probe = subprocess.run(  # noqa: S603 - this interpreter and a constant program
            [sys.executable, "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return probe.returncode == 0


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
