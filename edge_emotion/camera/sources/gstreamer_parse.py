"""What GStreamer itself says of a pipeline's text, before anything waits for its frames."""

from __future__ import annotations

import ctypes

LIBRARY = "libgstreamer-1.0.so.0"


class _Error(ctypes.Structure):
    """GLib's ``GError``: https://docs.gtk.org/glib/struct.Error.html."""

    _fields_ = (
        ("domain", ctypes.c_uint32),
        ("code", ctypes.c_int),
        ("message", ctypes.c_char_p),
    )


def parse_error(pipeline: str) -> str | None:
    """Why GStreamer cannot build this pipeline, as an element that is not installed.

    OpenCV builds pipelines in the same way but keeps the reason for itself, and then waits for
    frames of what could be built. Nothing is opened or started here.

    Args:
        pipeline: as ``gst-launch-1.0`` takes it.

    Returns:
        One line, or ``None`` when it can be built, or where there is no GStreamer to ask.
    """
    try:
        gstreamer = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    gstreamer.gst_init_check.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    gstreamer.gst_parse_launch.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    gstreamer.gst_parse_launch.restype = ctypes.c_void_p
    gstreamer.gst_object_unref.argtypes = [ctypes.c_void_p]
    gstreamer.g_clear_error.argtypes = [ctypes.c_void_p]
    if not gstreamer.gst_init_check(None, None, None):
        return None
    error = ctypes.POINTER(_Error)()
    built = gstreamer.gst_parse_launch(pipeline.encode(), ctypes.byref(error))
    reason = None
    if error:
        reason = " ".join((error.contents.message or b"").decode(errors="replace").split())
        gstreamer.g_clear_error(ctypes.byref(error))
    if built is not None:
        gstreamer.gst_object_unref(built)
    return reason
